import type { BundleStatus } from "./bundle-status.ts";
import type { SiteStatus } from "./site-status.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import type { Address } from "./addresses.ts";
import type { Clients } from "./clients.ts";
import type { ServiceState } from "../systemd/unit-state.ts";

/** A socket unit in `sockact status`. */
export interface SocketStatus {
  unit: string;
  /** systemd's `ActiveState`, such as `active` or `failed`. */
  active: string;
  /** systemd's `Result`: `success`, or the reason of a failure. */
  result: string;
  /** `listens` is also false if the unit is active, but has no descriptor for a changed address. */
  addresses: (Address & { listens: boolean; clients: Clients | null })[];
  /** How many connections may wait. */
  backlog: number | null;
  /** `FileDescriptorName=`. */
  name: string;
  /** Whether it listens after the next boot: `enabled`, `disabled`, `static` … */
  enabled: string;
  /** The unit's file. */
  file: string | null;
}

/** Whether the unit is active, but has no descriptor for any of its addresses. */
export const isClosed = ({ active, addresses }: SocketStatus): boolean =>
  active === "active" && addresses.length > 0 && addresses.every(({ listens }) => !listens);

/** The timer that starts a service. */
export interface TimerStatus {
  unit: string;
  active: string;
  /** How often it starts the service, such as `30s`. */
  every: string | null;
  /** Whether it runs after the next boot. */
  enabled: string;
  file: string | null;
}

/** A service unit in `sockact status`. */
export interface UnitStatus {
  unit: string;
  active: string;
  /** systemd's `SubState`, such as `running` or `auto-restart`. */
  sub: string;
  result: string;
  type: string;
  pid: number | null;
  /** The old processes that still drain after a handover. */
  oldPids: number[];
  user: string;
  memory: number | null;
  restarts: number;
  /** What systemd starts. */
  command: string;
  file: string | null;
  /** The app's `STATUS=`. Null if it does not run. */
  text: string | null;
}

/** A warning, and the command or change that fixes it. */
export interface Warning {
  code:
    | "not-loaded"
    | "failed"
    | "restarting"
    | "handover-failed"
    | "reload-failed"
    | "socket-failed"
    | "not-listening"
    | "timer-inactive"
    | "not-enabled"
    | "changed-on-disk"
    | "install-interrupted";
  /** The units of the warning. */
  units: string[];
  message: string;
  fix: string;
}

/** A service with its sockets in `sockact status --json`. Unknown values are null. */
export interface ServiceStatus {
  name: string;
  service: string;
  kind: ActivatedService["kind"];
  state: ServiceState;
  /** Whether `sockact drain` has taken it out of rotation: probes get 503. */
  drained: boolean;
  sockets: SocketStatus[];
  /** The health socket, which does not start the service. */
  health: SocketStatus | null;
  /** The timer that starts it, if no socket does. */
  timer: TimerStatus | null;
  units: UnitStatus[];
  /**
   * The serving processes: one, or two while a rolling pair switches or an old process drains after a
   * handover.
   */
  pids: number[];
  user: string | null;
  /** Bytes. */
  memory: number | null;
  connections: Clients | null;
  /** How often systemd restarted it after a crash. */
  restarts: number;
  /**
   * Its last start, and how many milliseconds it took to become ready. Only a service with `Type=notify`
   * reports the second one.
   */
  lastStart: { at: string; took: number | null } | null;
  /** When it ended for the last time, unless it runs. */
  lastStop: string | null;
  /** The result of `systemd-analyze security`: 0 is the best, 10 the worst. */
  exposure: number | null;
  /** The bundle, if the service was installed with one. */
  bundle: BundleStatus | null;
  /** The site in the machine's proxy, if the service has host names. */
  site: SiteStatus | null;
  warnings: Warning[];
}

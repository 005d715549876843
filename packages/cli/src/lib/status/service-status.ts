import type { BundleStatus } from "./bundle-status.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import type { Address } from "./addresses.ts";
import type { Clients } from "./clients.ts";
import type { ServiceState } from "../systemd/unit-state.ts";

/** A socket unit, as `sockact status` shows it. */
export interface SocketStatus {
  unit: string;
  /** `ActiveState` of systemd, such as `active` or `failed`. */
  active: string;
  /** `Result` of systemd: `success`, or the reason of a failure. */
  result: string;
  /**
   * `listens` is false also if systemd considers the unit active, but has no descriptor for an address that
   * has changed since.
   */
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

/** Whether systemd considers the unit active, but has no descriptor for any of its addresses. */
export const isClosed = ({ active, addresses }: SocketStatus): boolean =>
  active === "active" && addresses.length > 0 && addresses.every(({ listens }) => !listens);

/** A service unit, as `sockact status` shows it. */
export interface UnitStatus {
  unit: string;
  active: string;
  /** `SubState` of systemd, such as `running` or `auto-restart`. */
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
  /** The status that the app has sent, by `STATUS=`. Null if it does not run. */
  text: string | null;
}

/** A warning, and the command or the change that fixes it. */
export interface Warning {
  code:
    | "not-loaded"
    | "failed"
    | "restarting"
    | "handover-failed"
    | "reload-failed"
    | "socket-failed"
    | "not-listening"
    | "not-enabled"
    | "changed-on-disk"
    | "install-interrupted";
  /** The units that it is about. */
  units: string[];
  message: string;
  fix: string;
}

/** A service with its sockets, as `sockact status --json` prints it. What is not known is null. */
export interface ServiceStatus {
  name: string;
  service: string;
  kind: ActivatedService["kind"];
  state: ServiceState;
  /** Whether `sockact drain` has taken it out of load balancers: probes get 503. */
  drained: boolean;
  sockets: SocketStatus[];
  /** The socket that answers probes without starting the service. */
  health: SocketStatus | null;
  units: UnitStatus[];
  /**
   * The processes that serve: one, but two while a rolling pair turns, or while the old process drains after
   * a handover.
   */
  pids: number[];
  user: string | null;
  /** Bytes. */
  memory: number | null;
  connections: Clients | null;
  /** How often systemd has started it again after a crash. */
  restarts: number;
  /**
   * Its last start: when, and how many milliseconds passed until it was ready. Only a service with
   * `Type=notify` says when that is.
   */
  lastWake: { at: string; took: number | null } | null;
  /** The result of `systemd-analyze security`: 0 is the best, 10 the worst. */
  exposure: number | null;
  /** The bundle, if the service was installed with one. */
  bundle: BundleStatus | null;
  warnings: Warning[];
}

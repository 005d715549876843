import { dirname, join } from "node:path";
import { isDrained } from "../install/install.ts";
import { list, read } from "../shared/proc.ts";
import { listOf, type Properties } from "../shared/properties.ts";
import { residentMemory } from "../status/read-status.ts";
import type { ServiceStatus, SocketStatus } from "../status/service-status.ts";
import { clientsOf, type Closed, closedOf, listenersOf, readSockets, sum } from "../status/sockets.ts";
import { numberOf, type SocketProperties, socketProperties } from "../status/unit-properties.ts";
import { type ActivatedService, activationProperties } from "../systemd/activated-units.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { type ServiceState, stateOf } from "../systemd/unit-state.ts";

const always = ["Id", "LoadState", "ActiveState", "SubState", "InvocationID"] as const;
const serviceProperties = [
  ...always,
  "ControlGroup",
  "CPUUsageNSec",
  "ExecMainStartTimestamp",
  "InactiveEnterTimestampMonotonic",
  "FragmentPath",
  "DropInPaths",
] as const;
/** The same manager for finding the apps and asking about them once. */
export const appsReading = (manager: ServiceManager): ServiceManager =>
  manager.reading([...activationProperties, ...socketProperties, ...serviceProperties]);
/** systemctl omits other properties if it could not load the unit. */
type Service = Properties<(typeof always)[number]> & Partial<Properties<(typeof serviceProperties)[number]>>;

/** What systemd has said about an app. */
export interface KnownApp {
  service: ActivatedService;
  units: Service[];
  sockets: (SocketProperties & { Triggers?: string })[];
  closed: Closed;
}

/** Asks systemd about these apps. */
export async function askAbout(
  manager: ServiceManager,
  services: readonly ActivatedService[],
): Promise<KnownApp[]> {
  // The tables of all sockets take longer than the rest of a sample.
  if (services.length === 0) return [];
  const sockets = await manager.show(
    services.flatMap((service) => service.sockets),
    [...socketProperties, "Triggers"],
  );
  const closed = closedOf(sockets);
  const perService = services.map((service) => sockets.splice(0, service.sockets.length));
  // Any instance for a connection shows where all of them are.
  const asked = services.map((service, index) =>
    service.kind === "accept"
      ? perService[index]!.flatMap(({ Triggers }) => listOf(Triggers)).slice(0, 1)
      : service.services,
  );
  const units: Service[] = await manager.show(asked.flat(), serviceProperties);
  return services.map((service, index) => ({
    service,
    units: units.splice(0, asked[index]!.length),
    sockets: perService[index]!,
    closed,
  }));
}

/** The processor time and memory of a unit's control group. */
interface Usage {
  unit: string;
  /** Microseconds. */
  cpu: number;
  /** Bytes. */
  memory: number | null;
}

const ROOT = "/sys/fs/cgroup";

const processesIn = (folder: string): number[] =>
  read(join(folder, "cgroup.procs")).split("\n").filter(Boolean).map(Number);

function usageOf(unit: string, group: string): Usage | undefined {
  const folder = join(ROOT, group);
  const used = /^usage_usec (\d+)$/m.exec(read(join(folder, "cpu.stat")))?.[1];
  if (used === undefined) return undefined;
  // A user's manager may have no controller of memory.
  const memory =
    numberOf(read(join(folder, "memory.current")).trim()) ??
    sum(processesIn(folder).map((pid) => residentMemory(pid)));
  return { unit, cpu: Number(used), memory };
}

function usages({ service, units }: KnownApp): Usage[] {
  if (service.kind !== "accept")
    return units.flatMap(({ Id, ControlGroup }) => (ControlGroup ? (usageOf(Id, ControlGroup) ?? []) : []));
  const slice = dirname(units[0]?.ControlGroup ?? "");
  if (slice === "." || slice === "/") return [];
  const prefix = service.service.replace(/\.service$/, "");
  return list(join(ROOT, slice))
    .filter((name) => name.startsWith(prefix) && name.endsWith(".service"))
    .flatMap((name) => usageOf(name, join(slice, name)) ?? []);
}

/** The values of an app at this moment. */
export interface CurrentApp extends KnownApp {
  state: ServiceState;
  drained: boolean;
  socketStatuses: SocketStatus[];
  connections: ServiceStatus["connections"];
  usages: Usage[];
  memory: number;
  /** Seconds since 1970. */
  lastStart: number | null;
}

/** Reads what the kernel knows about the apps, and asks nobody. */
export function currentApps(apps: readonly KnownApp[], user: boolean): CurrentApp[] {
  const closed = new Map(apps.flatMap((app) => [...app.closed]));
  const statuses = readSockets(
    apps.flatMap(({ sockets }) => sockets),
    closed,
  );
  return apps.map((app) => {
    const { service, units, sockets } = app;
    const socketStatuses = statuses.splice(0, sockets.length);
    const listeners = listenersOf(sockets, socketStatuses);
    const connections = clientsOf(service.kind, socketStatuses);
    const isServing = service.kind === "accept" && (connections?.open ?? 0) > 0;
    const used = usages(app);
    const starts = units.map(({ ExecMainStartTimestamp }) => numberOf(ExecMainStartTimestamp?.slice(1)) ?? 0);
    return {
      ...app,
      // An instance that has failed hinders no other one.
      state: isServing ? "awake" : stateOf(service.kind === "accept" ? [] : units, listeners),
      drained: isDrained({ user, root: "/" }, service.name),
      socketStatuses,
      connections,
      usages: used,
      memory: sum(used.map(({ memory }) => memory)) ?? 0,
      lastStart: Math.max(0, ...starts) || null,
    };
  });
}

import { userInfo } from "node:os";
import process from "node:process";
import { isDrained } from "../install/install.ts";
import { clean } from "../shared/clean.ts";
import { read } from "../shared/proc.ts";
import { commandOf } from "../shared/properties.ts";
import { hideSecrets } from "../output/hide-secrets.ts";
import { type ActivatedService, activationProperties } from "../systemd/activated-units.ts";
import { oldPidsOf } from "../systemd/control-group.ts";
import { readExposure } from "../systemd/analyze.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { bundleStatus } from "./bundle-status.ts";
import type { ServiceStatus, TimerStatus, UnitStatus } from "./service-status.ts";
import { siteStatus } from "./site-status.ts";
import { clientsOf, closedOf, listenersOf, readSockets, sum } from "./sockets.ts";
import { stateOf } from "../systemd/unit-state.ts";
import {
  numberOf,
  type ServiceProperties,
  serviceProperties,
  socketProperties,
  type TimerProperties,
  timerProperties,
} from "./unit-properties.ts";
import { warningsOf } from "./warnings.ts";

/** The memory of the main process, if systemd does not measure that of the service. */
export function residentMemory(pid: number): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

function memoryOf({ MemoryCurrent }: ServiceProperties, pid: number | null): number | null {
  const counted = numberOf(MemoryCurrent);
  // Some versions of systemd print this for an unknown value.
  if (counted !== null && counted < 2 ** 63) return counted;
  return pid === null ? null : residentMemory(pid);
}

/** The calling user. In a container, a user may have no name. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

async function readUnit(properties: ServiceProperties, isUser: boolean): Promise<UnitStatus> {
  const pid = numberOf(properties.MainPID) || null;
  const command = commandOf(properties.ExecStart)?.line ?? "";
  return {
    unit: properties.Id,
    active: properties.ActiveState,
    sub: properties.SubState,
    result: properties.Result,
    type: properties.Type ?? "",
    pid,
    oldPids: await oldPidsOf(properties.ControlGroup ?? "", pid ?? 0),
    user: properties.User || (isUser ? ownName() : "root"),
    memory: memoryOf(properties, pid),
    restarts: numberOf(properties.NRestarts) ?? 0,
    command: hideSecrets(command.replaceAll(/\s+/g, " ")),
    file: properties.FragmentPath || null,
    // systemd keeps the last one after a service has ended.
    text: (properties.ActiveState !== "inactive" && properties.StatusText) || null,
  };
}

function lastStartOf(services: readonly ServiceProperties[]): ServiceStatus["lastStart"] {
  const began = (service: ServiceProperties) => numberOf(service.InactiveExitTimestampMonotonic) ?? 0;
  const latest = services.toSorted((one, other) => began(other) - began(one))[0];
  const seconds = numberOf(latest?.InactiveExitTimestamp?.slice(1));
  if (!latest || seconds === null || began(latest) === 0) return null;
  const took = (numberOf(latest.ActiveEnterTimestampMonotonic) ?? 0) - began(latest);
  // systemd marks other services as active when they are started, so the time of readiness is unknown.
  const isKnown = latest.Type?.startsWith("notify") && took >= 0;
  return {
    at: new Date(seconds * 1000).toISOString(),
    took: isKnown === true ? Math.round(took / 1000) : null,
  };
}

/** When the last of these services has ended, unless one of them runs. */
function lastStopOf(services: readonly ServiceProperties[]): string | null {
  if (services.some(({ ActiveState }) => ActiveState !== "inactive" && ActiveState !== "failed")) return null;
  const seconds = services.map(
    ({ InactiveEnterTimestamp }) => numberOf(InactiveEnterTimestamp?.slice(1)) ?? 0,
  );
  const latest = Math.max(0, ...seconds);
  return latest === 0 ? null : new Date(latest * 1000).toISOString();
}

/** Cleans all strings of a value, because unit files and apps could use them to change the terminal. */
function cleaned<Value>(value: Value): Value {
  if (typeof value === "string") return clean(value) as Value;
  if (Array.isArray(value)) return value.map(cleaned) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, cleaned<unknown>(each)]),
  ) as Value;
}

const readTimer = (timer: TimerProperties): TimerStatus => ({
  unit: timer.Id,
  active: timer.ActiveState,
  every: /OnUnitActiveUSec=(.+?) ;/.exec(timer.TimersMonotonic ?? "")?.[1] ?? null,
  enabled: timer.UnitFileState ?? "",
  file: timer.FragmentPath || null,
});

/** The sockets of a service, then the health socket. */
const socketsOf = ({ sockets, health }: ActivatedService): string[] =>
  health === undefined ? sockets : [...sockets, health];

/** The unit whose sandbox represents the service. */
function judgedUnit({ kind, service, services }: ActivatedService): string {
  return kind === "accept" ? service : services[0]!;
}

/** The same manager for finding services and reading their status once. */
export const statusReading = (manager: ServiceManager): ServiceManager =>
  manager.reading([...activationProperties, ...socketProperties, ...serviceProperties, ...timerProperties]);

/** Reads the status of these services. Without `isRated`, it leaves out the exposure, which takes time. */
export async function readStatus(
  manager: ServiceManager,
  services: readonly ActivatedService[],
  { isRated = true }: { isRated?: boolean } = {},
): Promise<ServiceStatus[]> {
  const socketUnits = services.flatMap(socketsOf);
  const serviceUnits = services.flatMap((service) => service.services);
  const timerUnits = services.flatMap((service) => service.timer ?? []);
  const [sockets, units, timers, exposure] = await Promise.all([
    manager.show(socketUnits, socketProperties),
    manager.show(serviceUnits, serviceProperties),
    manager.show(timerUnits, timerProperties),
    readExposure(manager, isRated ? services.map(judgedUnit) : []),
  ]);
  const statuses = await Promise.all(units.map((unit) => readUnit(unit, manager.user)));
  const closed = closedOf(sockets);
  const socketStatuses = readSockets(sockets, closed);

  return services.map((service) => {
    const own = units.splice(0, service.services.length);
    const unitStatus = statuses.splice(0, own.length);
    const ownSockets = sockets.splice(0, socketsOf(service).length);
    const socketStatus = socketStatuses.splice(0, ownSockets.length);
    const running = unitStatus.filter(({ pid }) => pid !== null);
    const appSockets = socketStatus.slice(0, service.sockets.length);
    const timer = service.timer === undefined ? undefined : timers.shift();
    const state = stateOf(
      own,
      timer ? [timer] : listenersOf(ownSockets.slice(0, appSockets.length), socketStatus),
    );
    return cleaned<ServiceStatus>({
      name: service.name,
      service: service.service,
      kind: service.kind,
      state,
      drained: isDrained({ user: manager.user, root: "/" }, service.name),
      sockets: appSockets,
      health: socketStatus[appSockets.length] ?? null,
      timer: timer ? readTimer(timer) : null,
      units: unitStatus,
      pids: running.flatMap(({ pid, oldPids }) => [pid!, ...oldPids]),
      user: (running[0] ?? unitStatus[0])?.user ?? null,
      memory: sum(running.map(({ memory }) => memory)),
      connections: clientsOf(service.kind, appSockets),
      restarts: unitStatus.reduce((total, { restarts }) => total + restarts, 0),
      lastStart: lastStartOf(own),
      lastStop: lastStopOf(own),
      exposure: exposure.get(judgedUnit(service)) ?? null,
      bundle: bundleStatus(service.name, manager.user),
      site: siteStatus(service.name, manager.user),
      warnings: warningsOf({ service, state, units: own, timer, sockets: ownSockets, closed }, manager),
    });
  });
}

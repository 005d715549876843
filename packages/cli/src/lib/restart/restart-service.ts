import { setTimeout as delay } from "node:timers/promises";
import { showEntries } from "../output/log-lines.ts";
import type { Progress } from "../output/progress.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { type ClosedSocket, closedSockets } from "../systemd/closed-addresses.ts";
import { readJournal, syncJournal, untilRestart } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import type { RestartReport } from "./report.ts";
import { startError, stoppedError, unitError } from "./restart-errors.ts";
import { JOB_FAILED } from "../printed/systemd.ts";

/** How long a service must run if it does not report when it is ready, in milliseconds. */
const TRIAL = 1_000;
const POLL = 200;
/** How many lines of the journal are shown after a failed start. */
const LINES = 20;

interface ServiceOptions {
  manager: ServiceManager;
  wait: boolean;
  working: Progress;
}

const properties = [
  "Id",
  "LoadState",
  "ActiveState",
  "SubState",
  "Result",
  "Type",
  "NeedDaemonReload",
  "ExecMainCode",
  "ExecMainStatus",
  "NRestarts",
] as const;

const readUnits = (manager: ServiceManager, units: readonly string[]) => manager.show(units, properties);
type Unit = Awaited<ReturnType<typeof readUnits>>[number];

const isUp = ({ ActiveState }: Unit): boolean => !["inactive", "failed"].includes(ActiveState);
const idsOf = (units: readonly Unit[]): string[] => units.map(({ Id }) => Id);
const idsOfClosed = (sockets: readonly ClosedSocket[]): string[] => sockets.map(({ unit }) => unit);

function checkUnits(units: readonly Unit[], { systemctl }: ServiceManager): void {
  for (const { Id, LoadState } of units)
    if (LoadState !== "loaded")
      throw unitError(Id, `is not loaded: ${LoadState}`, `To see the reason: ${systemctl} status ${Id}`);
  for (const { Id, NeedDaemonReload } of units)
    if (NeedDaemonReload === "yes")
      throw unitError(
        Id,
        "has changed on disk since systemd read it",
        `Let systemd read it, then restart again: ${systemctl} daemon-reload`,
      );
}

/** Restarts a service that is one unit, and waits until it runs. */
export async function restartService(
  { name, services, sockets }: ActivatedService,
  { manager, wait, working }: ServiceOptions,
): Promise<RestartReport> {
  const unit = services[0]!;
  const [service, ...listeners] = (await readUnits(manager, [unit, ...sockets])) as [Unit, ...Unit[]];
  checkUnits([service, ...listeners], manager);
  const report = { name, kind: "single", took: 0, confirmed: false } as const;
  const closed = listeners.filter(({ ActiveState }) => ActiveState !== "active");
  // systemd has no descriptor for their addresses, and opens them only at a restart of the socket unit.
  const lost = idsOfClosed(await closedSockets(manager, sockets));
  const hasFailed = [service, ...listeners].some(({ ActiveState }) => ActiveState === "failed");
  if (!isUp(service) && !hasFailed) {
    if (closed.length === listeners.length) throw stoppedError(name, sockets, manager.user);
    if (lost.length === 0) return { ...report, outcome: "asleep" };
    await manager.mustRun("restart", "--", ...lost);
    return { ...report, outcome: "asleep", reopened: lost };
  }

  const since = Date.now();
  const started = performance.now();
  const flags = wait ? [] : ["--no-block"];
  const isOpening = closed.length > 0 || (lost.length > 0 && !isUp(service));
  if (isOpening) await openSockets(manager, service, [...idsOf(closed), ...lost], working);
  else if (hasFailed) await manager.run("reset-failed", "--", unit);
  else if (lost.length > 0) working.update(`Opening ${lost.join(" and ")} again`);
  const isRestart = isUp(service) && closed.length === 0;
  // The service first: systemd starts no socket while its service runs.
  const units = isRestart ? [unit, ...lost] : [unit];
  const job = manager.run(isRestart ? "restart" : "start", ...flags, "--", ...units);
  const isOver = new AbortController();
  const shown = showStates(manager, unit, working, isOver.signal);
  const ended = await job.finally(() => isOver.abort());
  await shown;
  if (!wait && ended.code === 0) return { ...report, outcome: "asked" };

  // systemctl itself reports missing permission, and a conflict with another job.
  if (ended.code !== 0 && !JOB_FAILED.test(ended.stderr)) throw manager.refused(`restart ${unit}`, ended);
  if (ended.code !== 0 || !(await staysUp(manager, service)))
    throw await failure(manager, { name, unit, sockets, since, wasUp: isUp(service) });
  const took = Math.round(performance.now() - started);
  const confirmed = service.Type.startsWith("notify");
  const reopened = lost.length > 0 ? { reopened: lost } : {};
  return { ...report, outcome: isRestart ? "restarted" : "started", took, confirmed, ...reopened };
}

/** Lets sockets listen again. systemd starts no socket while its service runs. */
async function openSockets(
  manager: ServiceManager,
  service: Unit,
  closed: readonly string[],
  working: Progress,
): Promise<void> {
  working.update(`Opening ${closed.join(" and ")} again`);
  if (isUp(service)) await manager.mustRun("stop", "--", service.Id);
  // It fails if there is nothing to reset.
  await manager.run("reset-failed", "--", ...closed, service.Id);
  await manager.mustRun("restart", "--", ...closed);
}

/** Shows what the service does while its job runs. */
async function showStates(
  manager: ServiceManager,
  unit: string,
  working: Progress,
  over: AbortSignal,
): Promise<void> {
  let last = "";
  while (!over.aborted) {
    const [state] = await manager.show([unit], ["Id", "ActiveState"]);
    const active = state?.ActiveState ?? "";
    if (active !== last && active === "deactivating")
      working.update(`${unit} drains: it answers its open requests`);
    if (active !== last && active === "activating") working.update(`${unit} starts`);
    last = active;
    await delay(POLL, undefined, { signal: over }).catch(() => {});
  }
}

/** Whether it runs, or sleeps again. A service that does not report when it is ready must run for a moment. */
async function staysUp(manager: ServiceManager, before: Unit): Promise<boolean> {
  const deadline = performance.now() + (before.Type.startsWith("notify") ? 0 : TRIAL);
  let restarts: string | undefined;
  for (;;) {
    const [now] = (await readUnits(manager, [before.Id])) as [Unit];
    // Between two looks, it may end and be started again.
    if (now.NRestarts !== (restarts ??= now.NRestarts)) return false;
    const isWell =
      ["active", "reloading", "refreshing"].includes(now.ActiveState) || now.Result === "success";
    if (!isWell || now.SubState.startsWith("auto-restart")) return false;
    if (performance.now() >= deadline) return true;
    await delay(POLL);
  }
}

interface Attempt {
  name: string;
  unit: string;
  sockets: readonly string[];
  /** When it began, in milliseconds since 1970. */
  since: number;
  /** Whether the service ran before. */
  wasUp: boolean;
}

async function failure(
  manager: ServiceManager,
  { name, unit, sockets, since, wasUp }: Attempt,
): Promise<Error> {
  await syncJournal(manager);
  const [[service, ...listeners], journal] = await Promise.all([
    readUnits(manager, [unit, ...sockets]) as Promise<[Unit, ...Unit[]]>,
    readJournal(manager, [unit], { since, lines: 10 * LINES }),
  ]);
  const entries = untilRestart(journal.entries);
  showEntries(entries.slice(-LINES));
  // systemd may be starting it again already, and has then forgotten how it ended. The journal has not.
  const { ExecMainCode, ExecMainStatus } = service;
  const exit = entries.findLast((entry) => entry.exit !== undefined)?.exit ?? {
    code: ExecMainCode === "1" ? "exited" : "killed",
    status: ExecMainStatus,
  };
  const result = entries.findLast((entry) => entry.result !== undefined)?.result ?? service.Result;
  const end =
    exit.status === "0"
      ? result
      : exit.code === "exited"
        ? `it exited with ${exit.status}`
        : `${result}, signal ${exit.status}`;
  return startError({
    name,
    unit,
    user: manager.user,
    wasUp,
    end,
    isRetried: isUp(service),
    closed: [
      ...idsOf(listeners.filter(({ ActiveState }) => ActiveState !== "active")),
      ...idsOfClosed(await closedSockets(manager, sockets)),
    ],
  });
}

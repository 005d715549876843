import { JOB_FAILED } from "../printed/systemctl.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { type ClosedSocket, closedSockets } from "../systemd/closed-addresses.ts";
import { readFailedStart } from "../systemd/failed-start.ts";
import type { JournalEntry } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { missingStartFilesOf } from "../systemd/start-files.ts";
import { isRestarting, serves } from "../systemd/unit-state.ts";
import { writingHints } from "../systemd/writing-hints.ts";
import type { ChangeTools } from "./change.ts";
import type { Report } from "./events.ts";
import { restartFailures } from "./failures.ts";
import type { RestartReport } from "./reports.ts";
import { runCommand, takeStep } from "./step.ts";

/** How long a service that does not report readiness must run, in milliseconds. */
const TRIAL = 1_000;
/** How many journal lines to show after a failed start. */
const LINES = 20;

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
  "Environment",
] as const;

type Unit = Record<(typeof properties)[number], string>;

/** Whether a variable is on. systemctl does not print a list that is empty. */
const isOn = ({ Environment }: Partial<Unit>, variable: string): boolean =>
  new RegExp(`(?<!\\S)${variable}=(?:1|y|yes|t|true|on)(?!\\S)`, "i").test(Environment ?? "");

/** A service unit and its sockets. */
const readUnits = async (manager: ServiceManager, { services, sockets }: ActivatedService) =>
  manager.show([services[0]!, ...sockets], properties) as Promise<[service: Unit, ...sockets: Unit[]]>;

const isUp = ({ ActiveState }: Unit): boolean => !["inactive", "failed"].includes(ActiveState);
const isClosed = ({ ActiveState }: Unit): boolean => ActiveState !== "active";
const idsOf = (units: readonly Unit[]): string[] => units.map(({ Id }) => Id);
const idsOfClosed = (sockets: readonly ClosedSocket[]): string[] => sockets.map(({ unit }) => unit);

/** Restarts a service with one unit, and waits until it runs. */
export async function restartUnit(
  activated: ActivatedService,
  wait: boolean,
  { manager, report, ifInterrupted }: ChangeTools,
): Promise<RestartReport> {
  const { name, sockets } = activated;
  const continued = `systemd continues the restart: ${serviceCommand("status", name, manager.user)}`;
  const fail = restartFailures(activated, manager);
  const units = await readUnits(manager, activated);
  for (const { Id, LoadState } of units) if (LoadState !== "loaded") throw fail.notLoaded(Id, LoadState);
  for (const { Id, NeedDaemonReload } of units) if (NeedDaemonReload === "yes") throw fail.notRead(Id);
  const [service, ...listeners] = units;
  const missing = await missingStartFilesOf(manager, service.Id);
  if (missing.length > 0) throw fail.fileMissing(service.Id, missing);
  const result = { name, kind: "single", took: 0, confirmed: false } as const;
  const closed = listeners.filter(isClosed);
  // systemd has no descriptor for their addresses. Only a restart of the socket unit opens them.
  const lost = idsOfClosed(await closedSockets(manager, sockets));
  const hasFailed = units.some(({ ActiveState }) => ActiveState === "failed");
  if (!isUp(service) && !hasFailed) {
    if (closed.length === listeners.length) throw fail.stopped();
    if (lost.length === 0) return { ...result, outcome: "asleep" };
    ifInterrupted(continued);
    await manager.mustRun("restart", "--", ...lost);
    return { ...result, outcome: "asleep", reopened: lost };
  }

  const since = Date.now();
  const started = performance.now();
  const opening = closed.length > 0 || !isUp(service) ? [...idsOf(closed), ...lost] : [];
  if (opening.length > 0) {
    report({ type: "opening", units: opening });
    const open = `${manager.systemctl} restart ${unitWords(opening)}`;
    ifInterrupted(`${name} may be stopped. To let its sockets listen: ${open}`);
    await openSockets(manager, service, opening);
  } else if (hasFailed) await manager.run("reset-failed", "--", service.Id);
  else if (lost.length > 0) report({ type: "opening", units: lost });
  const isRestart = isUp(service) && closed.length === 0;
  const flags = wait ? [] : ["--no-block"];
  // The service first: systemd does not start a socket while its service runs.
  const changed = isRestart ? [service.Id, ...lost] : [service.Id];
  const command = [isRestart ? "restart" : "start", ...flags, "--", ...changed];
  ifInterrupted(continued);
  const ended = await runCommand(manager, command, stateReader(service.Id, manager, report));
  if (!wait && ended.code === 0) return { ...result, outcome: "asked" };

  // systemctl itself reports missing permission and conflicting jobs.
  if (ended.code !== 0 && !JOB_FAILED.test(ended.stderr))
    throw manager.refused(`restart ${service.Id}`, ended);
  if (ended.code !== 0 || !(await staysUp(service, manager))) {
    const entries = await readFailedStart(manager, service.Id, { since, lines: 10 * LINES });
    for (const entry of entries.slice(-LINES)) report({ type: "log", entry });
    const lines = entries.map(({ message }) => message);
    const [now, ...after] = await readUnits(manager, activated);
    throw fail.notStarted({
      unit: now.Id,
      ...endOf(now, entries),
      wasUp: isUp(service),
      hasHandover: isOn(service, "SOCKACT_HANDOVER"),
      isRetried: isUp(now),
      isBehindProxy: isOn(service, "SOCKACT_TRUST_PROXY"),
      closed: [...idsOf(after.filter(isClosed)), ...idsOfClosed(await closedSockets(manager, sockets))],
      hints: await writingHints(manager, service.Id, lines),
    });
  }
  return {
    ...result,
    outcome: isRestart ? "restarted" : "started",
    took: Math.round(performance.now() - started),
    confirmed: service.Type.startsWith("notify"),
    ...(lost.length > 0 && { reopened: lost }),
  };
}

/** Opens sockets again. systemd does not start a socket while its service runs. */
async function openSockets(manager: ServiceManager, service: Unit, closed: readonly string[]): Promise<void> {
  if (isUp(service)) await manager.mustRun("stop", "--", service.Id);
  // It fails if there is nothing to reset.
  await manager.run("reset-failed", "--", ...closed, service.Id);
  await manager.mustRun("restart", "--", ...closed);
}

/** Returns a function that reads the state of a service, and reports a change. */
function stateReader(unit: string, manager: ServiceManager, report: Report): () => Promise<void> {
  let last = "";
  return async () => {
    const [{ ActiveState } = { ActiveState: "" }] = await manager.show([unit], ["Id", "ActiveState"]);
    if (ActiveState !== last && ActiveState === "deactivating") report({ type: "draining", unit });
    if (ActiveState !== last && ActiveState === "activating") report({ type: "starting", unit });
    last = ActiveState;
  };
}

/** Whether it runs or sleeps. A service that does not report readiness must run for a moment. */
async function staysUp({ Id, Type }: Unit, manager: ServiceManager): Promise<boolean> {
  let restarts: string | undefined;
  const { seen } = await takeStep(manager, {
    look: async () => {
      const [now] = (await manager.show([Id], properties)) as [Unit];
      // It may have ended and restarted between two reads.
      const isSame = now.NRestarts === (restarts ??= now.NRestarts);
      return isSame && (serves(now) || now.Result === "success") && !isRestarting(now);
    },
    isOver: (isWell) => !isWell,
    limit: Type.startsWith("notify") ? 0 : TRIAL,
  });
  return seen;
}

/**
 * How the process of a failed start ended. systemd forgets that when it starts the service again, but the
 * journal does not.
 */
function endOf({ ExecMainCode, ExecMainStatus, Result }: Unit, entries: readonly JournalEntry[]) {
  const exit = { code: ExecMainCode === "1" ? "exited" : "killed", status: ExecMainStatus };
  return {
    exit: entries.findLast((entry) => entry.exit !== undefined)?.exit ?? exit,
    result: entries.findLast((entry) => entry.result !== undefined)?.result ?? Result,
  };
}

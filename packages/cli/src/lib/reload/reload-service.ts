import { setTimeout as delay } from "node:timers/promises";
import {
  HANDOVER_FAILED,
  NOTHING_RELOADED,
  RELOAD_FAILED,
  STARTING_NEW_VERSION,
  UNIT_CHANGED,
} from "@sockact/core/texts";
import type { Progress } from "../output/progress.ts";
import { CliError } from "../shared/cli-error.ts";
import { millisecondsOf } from "../shared/properties.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { changedSince, environmentFilesOf } from "../systemd/changed-files.ts";
import { closedSockets, closedText } from "../systemd/closed-addresses.ts";
import { pidsOf } from "../systemd/control-group.ts";
import { syncJournal } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { checkAsleep } from "./asleep.ts";
import { handoverCode, handoverError, jobError, noReloadError, settingsError } from "./reload-errors.ts";
import { ReloadLog } from "./reload-log.ts";
import type { Handover, ReloadReport, Unapplied } from "./report.ts";
import { JOB_FAILED } from "../printed/systemd.ts";

const POLL = 100;
/** How long the app's last line about a reload may take to arrive, in milliseconds. */
const PATIENCE = 1_000;
/** How long the new version may take before a line says that it is not ready, in milliseconds. */
const LONG = 5_000;

const properties = [
  "Id",
  "ActiveState",
  "SubState",
  "Type",
  "CanReload",
  "MainPID",
  "InvocationID",
  "StatusText",
  "ControlGroup",
  "TimeoutStopUSec",
  "NeedDaemonReload",
  "EnvironmentFiles",
  "InactiveExitTimestamp",
] as const;

const readUnits = (manager: ServiceManager, units: readonly string[]) => manager.show(units, properties);
type Unit = Awaited<ReturnType<typeof readUnits>>[number];

interface ReloadTools {
  manager: ServiceManager;
  working: Progress;
  signal: AbortSignal;
}

/** The service units that run now. A unit that is starting may have read the old settings already, so this waits for it: systemd can't reload it earlier. */
async function runningUnits(manager: ServiceManager, { services }: ActivatedService): Promise<Unit[]> {
  for (;;) {
    const found = await readUnits(manager, services);
    const isStarting = found.some(
      ({ ActiveState, SubState }) => ActiveState === "activating" && !SubState.startsWith("auto-restart"),
    );
    if (!isStarting)
      return found.filter(({ ActiveState }) => ["active", "reloading", "refreshing"].includes(ActiveState));
    await delay(POLL);
  }
}

/** The report of a reload, and what the reload did not apply. */
interface Reloaded {
  report: ReloadReport;
  unapplied: Unapplied;
}

/** Reloads a service that runs, and shows what it writes meanwhile. A reload that fails has a report too, with the error. */
export async function reloadService(service: ActivatedService, tools: ReloadTools): Promise<Reloaded> {
  const report: ReloadReport = {
    name: service.name,
    outcome: "failed",
    units: [],
    took: 0,
    confirmed: false,
    log: [],
    handovers: [],
    needsRestart: false,
  };
  const unapplied: Unapplied = { hasUnit: false, files: [], closed: [] };
  const started = performance.now();
  try {
    return await reloadUnits(service, report, tools);
  } catch (error) {
    if (!(error instanceof CliError) || tools.signal.aborted) throw error;
    return { report: { ...report, took: Math.round(performance.now() - started), error }, unapplied };
  }
}

async function reloadUnits(
  service: ActivatedService,
  report: ReloadReport,
  tools: ReloadTools,
): Promise<Reloaded> {
  const { manager, working, signal } = tools;
  const { name, kind, sockets } = service;
  const before = kind === "accept" ? [] : await runningUnits(manager, service);
  const units = before.map(({ Id }) => Id);
  const closed = await closedSockets(manager, sockets);
  if (before.length === 0) {
    await checkAsleep(service, closed, manager);
    return {
      report: { ...report, outcome: "asleep", needsRestart: closed.length > 0 },
      unapplied: { hasUnit: false, files: [], closed },
    };
  }
  report.units = units;
  if (closed.length > 0) working.line(`${closedText(closed)}. The reload does not change that.`);
  for (const { Id, CanReload, Type } of before)
    if (CanReload !== "yes") throw noReloadError(Id, Type, name, manager.user);

  const log = new ReloadLog(tools, units);
  report.log = log.messages;
  const started = performance.now();
  const sinceStart = () => Math.round(performance.now() - started);
  const ended = await watch(manager.run("reload", "--", ...units), before, log, tools);
  const after = await untilHandedOver(before, log, tools);
  const took = sinceStart();
  await untilLogged(log, tools);
  // systemctl prints why it refused a reload. For a failed job, it prints only that the job failed.
  if (ended.code !== 0 && !JOB_FAILED.test(ended.stderr))
    throw manager.refused(`reload ${units.join(" ")}`, ended);

  const confirmed = before.every(({ Type }) => Type === "notify-reload");
  const hasSaid = (text: string) => confirmed && after.some(({ StatusText }) => StatusText.includes(text));
  // The status may be that of an earlier reload, if this one has not reached the app.
  if (
    log.has(HANDOVER_FAILED) ||
    log.ofApp.some(({ message }) => handoverCode.test(message)) ||
    (ended.code === 0 && hasSaid(HANDOVER_FAILED))
  )
    throw handoverError(name, manager.user, log.ofApp);
  if (ended.code !== 0) throw await jobError(manager, name, units, log.entries);
  // Workers of a cluster say it in the journal alone.
  if (hasSaid(RELOAD_FAILED) || log.has(RELOAD_FAILED)) throw settingsError(name, manager.user, log.ofApp);

  const handovers = handoversOf(before, after);
  await untilEnded(handovers, after, sinceStart, log, tools);
  const isHandedOver = handovers.length > 0;
  // The new process has sent its status after the job was done.
  const atEnd = signal.aborted || !isHandedOver ? after : await readUnits(manager, units);
  const hasUnit = atEnd.some(
    ({ NeedDaemonReload, StatusText }) => NeedDaemonReload === "yes" || StatusText.includes(UNIT_CHANGED),
  );
  const files = isHandedOver ? await changedFiles(before) : [];
  return {
    report: {
      ...report,
      outcome: isHandedOver ? "handed-over" : hasSaid(NOTHING_RELOADED) ? "unchanged" : "reloaded",
      took,
      confirmed: confirmed || isHandedOver,
      handovers,
      needsRestart: hasUnit || files.length > 0 || closed.length > 0,
    },
    unapplied: { hasUnit, files, closed },
  };
}

/** The files of EnvironmentFile= that have changed since the units were started. systemd reads them only at a start. */
async function changedFiles(units: readonly Unit[]): Promise<string[]> {
  const found = await Promise.all(
    units.map(({ EnvironmentFiles, InactiveExitTimestamp }) =>
      // The time is in whole seconds.
      changedSince(environmentFilesOf(EnvironmentFiles), (Number(InactiveExitTimestamp.slice(1)) + 1) * 1000),
    ),
  );
  return [...new Set(found.flat().map(({ path }) => path))];
}

/** Shows the lines that come until the job is done. */
async function watch<Result>(
  job: Promise<Result>,
  before: readonly Unit[],
  log: ReloadLog,
  tools: ReloadTools,
): Promise<Result> {
  const over = new AbortController();
  const ended = job.finally(() => over.abort());
  // Whoever awaits it later gets the error.
  ended.catch(() => {});
  while (!over.signal.aborted) {
    await look(before, log, tools);
    await delay(POLL, undefined, { signal: over.signal }).catch(() => {});
  }
  return ended;
}

/** Without Type=notify-reload, the job is done before the handover is. */
async function untilHandedOver(
  before: readonly Unit[],
  log: ReloadLog,
  tools: ReloadTools,
): Promise<readonly Unit[]> {
  for (;;) {
    const now = await look(before, log, tools);
    const isOver = now.every(
      ({ ActiveState, StatusText }) =>
        ActiveState !== "reloading" || !StatusText.startsWith(STARTING_NEW_VERSION),
    );
    if (isOver) return now;
    await delay(POLL);
  }
}

/** Shows the lines that have come, and the step of a handover. */
async function look(
  before: readonly Unit[],
  log: ReloadLog,
  { manager, working }: ReloadTools,
): Promise<readonly Unit[]> {
  const now = await readUnits(
    manager,
    before.map(({ Id }) => Id),
  );
  await log.update();
  for (const { Id, MainPID, StatusText } of now) {
    if (!StatusText.startsWith(STARTING_NEW_VERSION)) continue;
    working.retitle(`Starting the new version of ${Id}; process ${MainPID} serves meanwhile`);
    log.warnOnce(
      LONG,
      `The new version of ${Id} is not ready yet, and process ${MainPID} serves meanwhile. The limit is handoverTimeout, which is 60 s by default.`,
    );
  }
  return now;
}

/** Core reports to systemd that a reload is done just before it logs the result. */
async function untilLogged(log: ReloadLog, { manager, signal }: ReloadTools): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  try {
    for (;;) {
      await syncJournal(manager);
      await log.update();
      if (log.isComplete || performance.now() > deadline) return;
      await delay(50);
    }
  } catch (error) {
    // The reload is done, whatever the log has.
    if (!signal.aborted) throw error;
  }
}

/** A unit with another main process was handed over if systemd has not started it again. */
function handoversOf(before: readonly Unit[], after: readonly Unit[]): Handover[] {
  return before.flatMap(({ Id, MainPID, InvocationID }, index) => {
    const now = after[index]!;
    const isSameRun = InvocationID !== "" && InvocationID === now.InvocationID;
    if (!isSameRun || MainPID === now.MainPID || now.MainPID === "0") return [];
    return [{ unit: Id, from: Number(MainPID), to: Number(now.MainPID), ended: null }];
  });
}

/** Waits until the old processes have ended, or Ctrl-C. As for a stop, the limit is TimeoutStopSec=. */
async function untilEnded(
  handovers: readonly Handover[],
  units: readonly Unit[],
  sinceStart: () => number,
  log: ReloadLog,
  { manager, working, signal }: ReloadTools,
): Promise<void> {
  const groups = new Map(units.map(({ Id, ControlGroup }) => [Id, ControlGroup]));
  const deadline = sinceStart() + Math.max(0, ...units.map((unit) => millisecondsOf(unit.TimeoutStopUSec)));
  let isTold = false;
  try {
    while (!signal.aborted) {
      for (const handover of handovers) {
        if (handover.ended !== null) continue;
        const pids = await pidsOf(groups.get(handover.unit)!);
        if (!pids.includes(handover.from)) handover.ended = sinceStart();
      }
      const open = handovers.find(({ ended }) => ended === null);
      if (open === undefined || sinceStart() > deadline) break;
      await delay(POLL, undefined, { signal });
      await log.update();
      if (!isTold && (await pidsOf(groups.get(open.unit)!)).includes(open.from))
        working.update(
          `Process ${open.to} serves, and process ${open.from} drains: it answers its open requests`,
        );
      isTold = true;
    }
    if (handovers.length === 0) return;
    await syncJournal(manager);
    await log.update();
  } catch (error) {
    // The handover is done, and the report says that the old process still drains.
    if (!signal.aborted) throw error;
  }
}

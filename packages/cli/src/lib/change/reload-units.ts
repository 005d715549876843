import {
  HANDOVER_FAILED,
  NOTHING_RELOADED,
  RELOAD_FAILED,
  STARTING_NEW_VERSION,
  UNIT_CHANGED,
} from "@sockact/core/texts";
import { durationOf } from "@sockact/units/durations";
import { JOB_FAILED } from "../printed/systemd.ts";
import { CliError } from "../shared/cli-error.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { changedSince, environmentFilesOf } from "../systemd/changed-files.ts";
import { type ClosedSocket, closedSockets } from "../systemd/closed-addresses.ts";
import { pidsOf } from "../systemd/control-group.ts";
import { syncJournal } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { isRestarting, serves, stateOf } from "../systemd/unit-state.ts";
import type { ChangeTools } from "./change.ts";
import { handoverError, jobError, noReloadError, settingsError, unservedError } from "./failures.ts";
import { ReloadLog } from "./reload-log.ts";
import type { Handover, ReloadReport, Unapplied } from "./reports.ts";
import { takeStep } from "./step.ts";

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
  "ReloadResult",
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

/** The report of a reload, and what the reload did not apply. */
interface Reloaded {
  report: ReloadReport;
  unapplied: Unapplied;
}

/** Reloads a service that runs, and shows what it writes meanwhile. A reload that fails has a report too, with the error. */
export async function reloadService(service: ActivatedService, tools: ChangeTools): Promise<Reloaded> {
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
  const started = performance.now();
  try {
    return await reloadUnits(service, report, tools);
  } catch (error) {
    if (!(error instanceof CliError) || tools.signal.aborted) throw error;
    const took = Math.round(performance.now() - started);
    return { report: { ...report, took, error }, unapplied: { hasUnit: false, files: [], closed: [] } };
  }
}

async function reloadUnits(
  service: ActivatedService,
  report: ReloadReport,
  tools: ChangeTools,
): Promise<Reloaded> {
  const { manager, signal } = tools;
  const { name, sockets } = service;
  const before = await runningUnits(service, manager);
  const closed = await closedSockets(manager, sockets);
  if (before.length === 0) {
    await checkAsleep(service, closed, manager);
    return {
      report: { ...report, outcome: "asleep", needsRestart: closed.length > 0 },
      unapplied: { hasUnit: false, files: [], closed },
    };
  }
  const units = before.map(({ Id }) => Id);
  report.units = units;
  if (closed.length > 0) tools.report({ type: "closed", sockets: closed });
  for (const { Id, CanReload, Type } of before)
    if (CanReload !== "yes") throw noReloadError(Id, Type, name, manager);

  const log = new ReloadLog(tools, units);
  report.log = log.messages;
  const started = performance.now();
  const sinceStart = () => Math.round(performance.now() - started);
  const look = lookAt(units, log, sinceStart, tools);
  const { ended, seen: after } = await takeStep(manager, {
    command: ["reload", "--", ...units],
    meanwhile: look,
    look,
    // Without Type=notify-reload, the job is done before the handover is.
    isOver: (now) => !now.some((unit) => unit.ActiveState === "reloading" && isHandingOver(unit)),
  });
  const took = sinceStart();
  await untilLogged(log, tools);
  // systemctl prints why it refused a reload. For a failed job, it prints only that the job failed.
  if (ended.code !== 0 && !JOB_FAILED.test(ended.stderr))
    throw manager.refused(`reload ${units.join(" ")}`, ended);

  const confirmed = before.every(({ Type }) => Type === "notify-reload");
  const hasSaid = (text: string) => confirmed && after.some(({ StatusText }) => StatusText.includes(text));
  const code = log.handoverCode;
  // The status may be that of an earlier reload, if this one has not reached the app.
  if (code !== undefined || log.has(HANDOVER_FAILED) || (ended.code === 0 && hasSaid(HANDOVER_FAILED)))
    throw handoverError(name, code, log.from("app"), manager);
  if (ended.code !== 0) {
    for (const entry of log.from("systemd")) tools.report({ type: "log", entry });
    const now = await readUnits(manager, units);
    throw jobError(name, now.find(({ ReloadResult }) => ReloadResult !== "success") ?? now[0]!, manager);
  }
  // Workers of a cluster say it in the journal alone.
  if (hasSaid(RELOAD_FAILED) || log.has(RELOAD_FAILED)) throw settingsError(name, log.from("app"), manager);

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

/** The service units that run now. A unit that is starting may have read the old settings already, so this waits for it: systemd can't reload it earlier. */
async function runningUnits({ kind, services }: ActivatedService, manager: ServiceManager): Promise<Unit[]> {
  if (kind === "accept") return [];
  const { seen } = await takeStep(manager, {
    look: async () => readUnits(manager, services),
    isOver: (units) => !units.some((unit) => unit.ActiveState === "activating" && !isRestarting(unit)),
  });
  return seen.filter(serves);
}

/** Checks a service that does not run: the next connection must be able to start it. */
async function checkAsleep(
  service: ActivatedService,
  closed: readonly ClosedSocket[],
  manager: ServiceManager,
): Promise<void> {
  const names = ["Id", "LoadState", "ActiveState", "SubState"] as const;
  const [units, listeners] = await Promise.all([
    manager.show(service.services, names),
    manager.show(service.sockets, names),
  ]);
  const isClosed = ({ Id }: { Id: string }) => closed.some(({ unit }) => unit === Id);
  const state = stateOf(
    units,
    listeners.map((unit) => (isClosed(unit) ? { ...unit, ActiveState: "inactive" } : unit)),
  );
  if (state === "restarting" || state === "failed" || state === "not loaded" || state === "stopped")
    throw unservedError(state, service, closed.length > 0, manager);
}

const isHandingOver = ({ StatusText }: Unit): boolean => StatusText.startsWith(STARTING_NEW_VERSION);

/** Returns a function that reads the units, and reports the lines that have come and the step of a handover. */
function lookAt(
  units: readonly string[],
  log: ReloadLog,
  sinceStart: () => number,
  { manager, report }: ChangeTools,
): () => Promise<Unit[]> {
  let isSlow = false;
  return async () => {
    const now = await readUnits(manager, units);
    await log.update();
    for (const { Id: unit, MainPID: pid } of now.filter(isHandingOver)) {
      report({ type: "handing-over", unit, pid });
      if (!isSlow && sinceStart() >= LONG) {
        isSlow = true;
        report({ type: "handover-slow", unit, pid });
      }
    }
    return now;
  };
}

/** Core reports to systemd that a reload is done just before it logs the result. */
async function untilLogged(log: ReloadLog, { manager, signal }: ChangeTools): Promise<void> {
  const step = { look: async () => readLog(log, manager), isOver: () => log.isComplete, limit: PATIENCE };
  await takeStep(manager, step).catch((error: unknown) => {
    // The reload is done, whatever the log has.
    if (!signal.aborted) throw error;
  });
}

async function readLog(log: ReloadLog, manager: ServiceManager): Promise<void> {
  await syncJournal(manager);
  await log.update();
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
  { manager, signal, report }: ChangeTools,
): Promise<void> {
  if (handovers.length === 0) return;
  const groups = new Map(units.map(({ Id, ControlGroup }) => [Id, ControlGroup]));
  let looks = 0;
  const step = {
    look: async () => {
      await log.update();
      for (const handover of handovers) {
        const pids = await pidsOf(groups.get(handover.unit)!);
        if (!pids.includes(handover.from)) handover.ended ??= sinceStart();
      }
      const open = handovers.find(({ ended }) => ended === null);
      looks += 1;
      if (open !== undefined && looks === 2) report({ ...open, type: "handed-over" });
      return open;
    },
    isOver: (open: Handover | undefined) => open === undefined,
    limit: Math.max(...units.map(({ TimeoutStopUSec }) => durationOf(TimeoutStopUSec) ?? Infinity)),
  };
  try {
    await takeStep(manager, step);
    await readLog(log, manager);
  } catch (error) {
    // The handover is done, and the report says that the old process still drains.
    if (!signal.aborted) throw error;
  }
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

import { setTimeout as delay } from "node:timers/promises";
import { entryText } from "../output/entry-text.ts";
import type { Progress } from "../output/progress.ts";
import { colour } from "../shared/messages.ts";
import { millisecondsOf } from "../shared/properties.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { pidsOf } from "../systemd/control-group.ts";
import { type JournalEntry, newLines, syncJournal } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import type { Handover, ReloadReport } from "./report.ts";
import { handoverError, jobError, noReloadError, settingsError } from "./reload-errors.ts";

/** The status that core sends to systemd and logs when an `onReload` has failed. systemd itself considers the reload done, because the app keeps running. */
const failedReload = /the reload failed, and the app keeps its old settings/;

/** The status that core sends to systemd after a reload of an app without `onReload`. */
const emptyReload = /nothing was reloaded, as the app has no onReload/;

/** The status that core sends to systemd and logs when the old process could not hand over to a new one. Without a command of ExecReload= that waits, systemd considers the reload done. */
const failedHandover = /the handover failed, and the old version serves on/;

/** The status of core while the new process starts. */
const handingOver = /^Reloading: starting the new version/;

/** The status of a process that has learned that its unit has changed. */
const changedUnit = /the unit has changed since the start/;

const POLL = 100;
/** How long the app's last line about a reload may take to arrive, in milliseconds. */
const PATIENCE = 1_000;

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

/** The lines that the units write during the reload, which are shown as they come. */
class ReloadLog {
  readonly entries: JournalEntry[] = [];
  readonly #read: () => Promise<JournalEntry[]>;
  readonly #working: Progress;

  constructor({ manager, working }: ReloadTools, units: readonly string[]) {
    this.#read = newLines(manager, units, Date.now());
    this.#working = working;
  }

  /** The lines of the app. */
  get ofApp(): JournalEntry[] {
    return this.entries.filter(({ from }) => from === "app");
  }

  has(pattern: RegExp): boolean {
    return this.ofApp.some(({ message }) => pattern.test(message));
  }

  /** Whether the app has written the result of each reload. */
  get isComplete(): boolean {
    const count = (pattern: RegExp) => this.entries.filter(({ message }) => pattern.test(message)).length;
    const results = count(/\breloaded\b/) + count(failedReload) + count(failedHandover);
    const handovers = count(/\bhanded over to process\b/);
    // The new process logs a handover later than the old one.
    return count(/\breloading\b/) <= results + handovers && handovers <= count(/\btook over from process\b/);
  }

  async update(): Promise<void> {
    for (const entry of await this.#read()) {
      // The command of ExecReload= repeats what the app has logged.
      const isRepeated = this.entries.some(({ message }) => message.startsWith(`sockact: ${entry.message}`));
      this.entries.push(entry);
      if (entry.from === "app" && !isRepeated) this.#working.line(entryText(entry, { colour }));
    }
  }
}

/** Reloads a service that runs, and shows what it writes meanwhile. */
export async function reloadService(service: ActivatedService, tools: ReloadTools): Promise<ReloadReport> {
  const { manager, signal } = tools;
  const { name, kind } = service;
  const before = kind === "accept" ? [] : await runningUnits(manager, service);
  const units = before.map(({ Id }) => Id);
  const report = { name, units, took: 0, confirmed: false, log: [], handovers: [], needsRestart: false };
  if (before.length === 0) return { ...report, outcome: "asleep" };
  for (const { Id, CanReload, Type } of before)
    if (CanReload !== "yes") throw noReloadError(Id, Type, name, manager.user);

  const log = new ReloadLog(tools, units);
  const started = performance.now();
  const sinceStart = () => Math.round(performance.now() - started);
  const ended = await watch(manager.run("reload", "--", ...units), before, log, tools);
  const after = await untilHandedOver(before, log, tools);
  const took = sinceStart();
  await untilLogged(log, tools);
  // systemctl prints why it refused a reload. For a failed job, it prints only that the job failed.
  if (ended.code !== 0 && !/job for/i.test(ended.stderr))
    throw manager.refused(`reload ${units.join(" ")}`, ended);

  const confirmed = before.every(({ Type }) => Type === "notify-reload");
  const hasSaid = (pattern: RegExp) => confirmed && after.some(({ StatusText }) => pattern.test(StatusText));
  // The status may be that of an earlier reload, if this one has not reached the app.
  if (log.has(failedHandover) || log.has(/\bERR_HANDOVER_/) || (ended.code === 0 && hasSaid(failedHandover)))
    throw handoverError(name, manager.user, log.ofApp);
  if (ended.code !== 0) throw await jobError(manager, name, units, log.entries);
  // Workers of a cluster say it in the journal alone.
  if (hasSaid(failedReload) || log.has(failedReload)) throw settingsError(name, manager.user, log.ofApp);

  const handovers = handoversOf(before, after);
  await untilEnded(handovers, after, sinceStart, log, tools);
  const isHandedOver = handovers.length > 0;
  // The new process has sent its status after the job was done.
  const atEnd = signal.aborted || !isHandedOver ? after : await readUnits(manager, units);
  return {
    ...report,
    outcome: isHandedOver ? "handed-over" : hasSaid(emptyReload) ? "unchanged" : "reloaded",
    took,
    confirmed: confirmed || isHandedOver,
    log: log.ofApp.map(({ message }) => message),
    handovers,
    needsRestart: atEnd.some(
      ({ NeedDaemonReload, StatusText }) => NeedDaemonReload === "yes" || changedUnit.test(StatusText),
    ),
  };
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
      ({ ActiveState, StatusText }) => ActiveState !== "reloading" || !handingOver.test(StatusText),
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
  for (const { Id, MainPID, StatusText } of now)
    if (handingOver.test(StatusText))
      working.retitle(`Starting the new version of ${Id}; process ${MainPID} serves meanwhile`);
  await log.update();
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

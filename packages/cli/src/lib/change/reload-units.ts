import {
  HANDOVER_FAILED,
  NOTHING_RELOADED,
  RELOAD_FAILED,
  STARTING_NEW_VERSION,
  UNIT_CHANGED,
} from "@sockact/shared/texts";
import { JOB_FAILED } from "../printed/systemctl.ts";
import { CliError } from "../shared/cli-error.ts";
import { millisecondsOf } from "../shared/milliseconds.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { changedSince, environmentFilesOf } from "../systemd/changed-files.ts";
import { type ClosedSocket, closedSockets } from "../systemd/closed-addresses.ts";
import { pidsOf } from "../systemd/control-group.ts";
import { isRestarting, serves, type ServiceState, stateOf } from "../systemd/unit-state.ts";
import { writingHints } from "../systemd/writing-hints.ts";
import type { ChangeTools } from "./change.ts";
import { reloadFailures } from "./failures.ts";
import { ReloadLog } from "./reload-log.ts";
import type { Handover, ReloadReport, Unapplied } from "./reports.ts";
import { takeStep } from "./step.ts";

/** How long to wait for the app's last line about a reload, in milliseconds. */
const PATIENCE = 1_000;
/** When to report that the new version is not ready yet, in milliseconds. */
const LONG = 5_000;

const properties = [
  "Id",
  "LoadState",
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
type Unit = Record<(typeof properties)[number], string>;

/** The result of a reload, and what the reload did not apply. */
interface Reloaded {
  report: ReloadReport;
  unapplied: Unapplied;
}

/** Reloads a running service and reports what it logs. A failed reload has a report too, with the error. */
export async function reloadService(service: ActivatedService, tools: ChangeTools): Promise<Reloaded> {
  const reload = new Reload(service, tools);
  try {
    return await reload.run();
  } catch (error) {
    if (!(error instanceof CliError) || tools.signal.aborted) throw error;
    return reload.result({ error });
  }
}

class Reload {
  readonly #service: ActivatedService;
  readonly #tools: ChangeTools;
  readonly #fail: ReturnType<typeof reloadFailures>;
  readonly #begun = performance.now();
  #started = 0;
  #units: string[] = [];
  #log: ReloadLog | undefined;
  #isSlow = false;

  constructor(service: ActivatedService, tools: ChangeTools) {
    this.#service = service;
    this.#tools = tools;
    this.#fail = reloadFailures(service, tools.manager);
  }

  async run(): Promise<Reloaded> {
    const { manager, signal, report, ifInterrupted } = this.#tools;
    const before = await this.#runningUnits();
    const closed = await closedSockets(manager, this.#service.sockets);
    if (before.length === 0) {
      const error = this.#fail.unserved(await this.#stateWithout(closed), closed);
      if (error) throw error;
      return this.result({ outcome: "asleep", took: 0 }, { closed });
    }
    this.#units = before.map(({ Id }) => Id);
    if (closed.length > 0) report({ type: "closed", sockets: closed });
    for (const { Id, CanReload, Type } of before)
      if (CanReload !== "yes") throw this.#fail.noReload(Id, Type);

    const log = (this.#log = new ReloadLog(this.#tools, this.#units));
    this.#started = performance.now();
    ifInterrupted(`systemd continues the reload of ${this.#service.name}.`);
    const { ended, seen: after } = await takeStep(manager, {
      command: ["reload", "--", ...this.#units],
      meanwhile: async () => this.#look(log),
      look: async () => this.#look(log),
      // Without Type=notify-reload, the job ends before the handover.
      isOver: (now) => !now.some((unit) => unit.ActiveState === "reloading" && isHandingOver(unit)),
    });
    const took = this.#took();
    // Core notifies systemd of the end of a reload just before it logs the result.
    const logged = { look: async () => log.sync(), isOver: () => log.isComplete, limit: PATIENCE };
    await this.#unlessInterrupted(takeStep(manager, logged));
    // systemctl prints why it rejected a reload. For a failed job, it prints only that it failed.
    if (ended.code !== 0 && !JOB_FAILED.test(ended.stderr))
      throw manager.refused(`reload ${this.#units.join(" ")}`, ended);

    const confirmed = before.every(({ Type }) => Type === "notify-reload");
    const hasSaid = (text: string) => confirmed && after.some(({ StatusText }) => StatusText.includes(text));
    const code = log.handoverCode;
    const hasLines = log.messages.length > 0;
    const hints = await writingHints(manager, this.#units[0]!, log.messages);
    // If this reload did not reach the app, the status may be that of an earlier one.
    if (code !== undefined || log.has(HANDOVER_FAILED) || (ended.code === 0 && hasSaid(HANDOVER_FAILED)))
      throw this.#fail.noHandover(code, hasLines, hints);
    if (ended.code !== 0) {
      for (const entry of log.ofSystemd) report({ type: "log", entry });
      const now = await this.#readUnits();
      throw this.#fail.job(now.find(({ ReloadResult }) => ReloadResult !== "success") ?? now[0]!);
    }
    // Workers of a cluster only log it.
    if (hasSaid(RELOAD_FAILED) || log.has(RELOAD_FAILED)) throw this.#fail.oldSettings(hasLines, hints);

    const handovers = handoversOf(before, after);
    const isHandedOver = handovers.length > 0;
    // The handover is done. The report says that the old process still drains.
    if (isHandedOver) await this.#unlessInterrupted(this.#untilEnded(handovers, after, log));
    // The new process sends its status after the job is done.
    const atEnd = signal.aborted || !isHandedOver ? after : await this.#readUnits();
    const hasUnit = atEnd.some(
      ({ NeedDaemonReload, StatusText }) => NeedDaemonReload === "yes" || StatusText.includes(UNIT_CHANGED),
    );
    const files = isHandedOver ? await changedFiles(before) : [];
    const outcome = isHandedOver ? "handed-over" : hasSaid(NOTHING_RELOADED) ? "unchanged" : "reloaded";
    const done = { outcome, took, confirmed: confirmed || isHandedOver, handovers } as const;
    return this.result(done, { hasUnit, files, closed });
  }

  /** The report of a failed reload, with the fields of `more`. */
  result(
    more: Partial<ReloadReport>,
    { hasUnit = false, files = [], closed = [] }: Partial<Unapplied> = {},
  ): Reloaded {
    return {
      report: {
        name: this.#service.name,
        outcome: "failed",
        units: this.#units,
        took: Math.round(performance.now() - this.#begun),
        confirmed: false,
        log: this.#log?.messages ?? [],
        handovers: [],
        needsRestart: hasUnit || files.length > 0 || closed.length > 0,
        ...more,
      },
      unapplied: { hasUnit, files, closed },
    };
  }

  #took(): number {
    return Math.round(performance.now() - this.#started);
  }

  async #readUnits(units: readonly string[] = this.#units): Promise<Unit[]> {
    return this.#tools.manager.show(units, properties);
  }

  /**
   * The running service units. Waits for a unit that is starting: it may have read the old settings already,
   * and systemd can't reload it earlier.
   */
  async #runningUnits(): Promise<Unit[]> {
    const { kind, services } = this.#service;
    if (kind === "accept") return [];
    const { seen } = await takeStep(this.#tools.manager, {
      look: async () => this.#readUnits(services),
      isOver: (units) => !units.some((unit) => unit.ActiveState === "activating" && !isRestarting(unit)),
    });
    return seen.filter(serves);
  }

  /** The state of a service that does not run. The next connection must be able to start it. */
  async #stateWithout(closed: readonly ClosedSocket[]): Promise<ServiceState> {
    const [services, sockets] = await Promise.all([
      this.#readUnits(this.#service.services),
      this.#readUnits(this.#service.sockets),
    ]);
    const isOpen = ({ Id }: Unit) => !closed.some(({ unit }) => unit === Id);
    return stateOf(
      services,
      sockets.map((unit) => (isOpen(unit) ? unit : { ...unit, ActiveState: "inactive" })),
    );
  }

  /** Reads the units, and reports new lines and the step of a handover. */
  async #look(log: ReloadLog): Promise<Unit[]> {
    const { report } = this.#tools;
    const now = await this.#readUnits();
    await log.update();
    for (const { Id: unit, MainPID: pid } of now.filter(isHandingOver)) {
      report({ type: "handing-over", unit, pid });
      if (this.#isSlow || this.#took() < LONG) continue;
      this.#isSlow = true;
      report({ type: "handover-slow", unit, pid });
    }
    return now;
  }

  /** Waits for the old processes to end, at most TimeoutStopSec=, as for a stop. */
  async #untilEnded(handovers: readonly Handover[], units: readonly Unit[], log: ReloadLog): Promise<void> {
    const { manager, report } = this.#tools;
    const groups = new Map(units.map(({ Id, ControlGroup }) => [Id, ControlGroup]));
    let looks = 0;
    await takeStep(manager, {
      look: async () => {
        await log.update();
        for (const handover of handovers) {
          const pids = await pidsOf(groups.get(handover.unit)!);
          if (!pids.includes(handover.from)) handover.ended ??= this.#took();
        }
        const open = handovers.find(({ ended }) => ended === null);
        looks += 1;
        if (open && looks === 2) report({ type: "handed-over", from: open.from, to: open.to });
        return open;
      },
      isOver: (open) => open === undefined,
      limit: Math.max(...units.map(({ TimeoutStopUSec }) => millisecondsOf(TimeoutStopUSec))),
    });
    await log.sync();
  }

  /** Awaits something that Ctrl-C may interrupt, because the reload is done. */
  async #unlessInterrupted(waiting: Promise<unknown>): Promise<void> {
    await waiting.catch((error: unknown) => {
      if (!this.#tools.signal.aborted) throw error;
    });
  }
}

const isHandingOver = ({ StatusText }: Unit): boolean => StatusText.startsWith(STARTING_NEW_VERSION);

/** The units that were handed over: their main process has changed without a start by systemd. */
function handoversOf(before: readonly Unit[], after: readonly Unit[]): Handover[] {
  return before.flatMap(({ Id, MainPID, InvocationID }, index) => {
    const now = after[index]!;
    const isSameRun = InvocationID !== "" && InvocationID === now.InvocationID;
    if (!isSameRun || MainPID === now.MainPID || now.MainPID === "0") return [];
    return [{ unit: Id, from: Number(MainPID), to: Number(now.MainPID), ended: null }];
  });
}

/** The files of EnvironmentFile= that have changed since the start. systemd reads them only at a start. */
async function changedFiles(units: readonly Unit[]): Promise<string[]> {
  const found = await Promise.all(
    units.map(({ EnvironmentFiles, InactiveExitTimestamp }) =>
      // The time is in whole seconds.
      changedSince(environmentFilesOf(EnvironmentFiles), (Number(InactiveExitTimestamp.slice(1)) + 1) * 1000),
    ),
  );
  return [...new Set(found.flat().map(({ path }) => path))];
}

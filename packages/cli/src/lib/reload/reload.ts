import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { showEntries } from "../output/log-lines.ts";
import { print, printJson } from "../output/print.ts";
import { progress } from "../output/progress.ts";
import { tookText } from "../output/quantities.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { untilSignal } from "../shared/until-signal.ts";
import { type ActivatedService, findService } from "../systemd/activated-units.ts";
import { type JournalEntry, readJournal, syncJournal } from "../systemd/journal.ts";
import { ServiceManager } from "../systemd/service-manager.ts";

/** The options of `sockact reload`. */
export interface ReloadOptions {
  user?: boolean;
  json?: boolean;
}

/** What `sockact reload --json` prints. */
interface ReloadReport {
  name: string;
  /** `asleep`: nothing runs, so there is nothing to reload. `unchanged`: the app has no `onReload`, so it did not read its settings again. */
  outcome: "reloaded" | "asleep" | "unchanged";
  /** The service units that were reloaded. */
  units: string[];
  /** Milliseconds. */
  took: number;
  /** Whether the app has reported that the reload is done. Without `Type=notify-reload`, no app reports it. */
  confirmed: boolean;
  /** The lines that the app has written meanwhile. */
  log: string[];
}

/** The status that core sends to systemd and logs when an `onReload` has failed. systemd itself considers the reload done, because the app keeps running. */
const failedReload = /the reload failed, and the app keeps its old settings/;

/** The status that core sends to systemd after a reload of an app without `onReload`. */
const emptyReload = /nothing was reloaded, as the app has no onReload/;

/** How long the app's last line about a reload may take to arrive, in milliseconds. */
const PATIENCE = 1_000;

interface Unit {
  unit: string;
  type: string;
  canReload: boolean;
}

/** The service units that run now. A unit that is starting may have read the old settings already, so this waits for it: systemd can't reload it earlier. */
async function runningUnits(manager: ServiceManager, { services }: ActivatedService): Promise<Unit[]> {
  for (;;) {
    const found = await manager.show(services, ["Id", "ActiveState", "SubState", "Type", "CanReload"]);
    const isStarting = found.some(
      ({ ActiveState, SubState }) => ActiveState === "activating" && !SubState.startsWith("auto-restart"),
    );
    if (!isStarting)
      return found
        .filter(({ ActiveState }) => ["active", "reloading", "refreshing"].includes(ActiveState))
        .map(({ Id, Type, CanReload }) => ({ unit: Id, type: Type, canReload: CanReload === "yes" }));
    await delay(100);
  }
}

function checkThatItReloads(
  { unit, canReload, type }: Unit,
  { name }: ActivatedService,
  user: boolean,
): void {
  if (canReload) return;
  throw new CliError(
    "ERR_RELOAD",
    `${unit} has no way to reload (Type=${type})`,
    `If the app has onReload, write Type=notify-reload (systemd 253) into the unit.\nFor any other app, write ExecReload=.\nTo run new code, restart it: ${serviceCommand("restart", name, user)}`,
    { exitCode: EXIT.failed },
  );
}

/** Reloads a service that runs, and returns the exit code. */
export async function reload(name: string, { user = false, json = false }: ReloadOptions): Promise<number> {
  const service = await findService(new ServiceManager({ user }), name);
  return untilSignal(async (signal) => {
    const manager = new ServiceManager({ user, signal });
    const working = progress(`Reloading ${service.name}`);
    try {
      const report = await reloadService(manager, service);
      working.done();
      if (json) printJson(report);
      else print(reportText(report, user));
      return 0;
    } catch (error) {
      working.failed();
      if (!signal.aborted) throw error;
      process.stderr.write(`Interrupted. systemd continues the reload of ${service.name}.\n`);
      return EXIT.interrupted;
    }
  });
}

async function reloadService(manager: ServiceManager, service: ActivatedService): Promise<ReloadReport> {
  const { name, kind } = service;
  const running = kind === "accept" ? [] : await runningUnits(manager, service);
  const units = running.map(({ unit }) => unit);
  if (running.length === 0) return { name, outcome: "asleep", units, took: 0, confirmed: false, log: [] };
  for (const unit of running) checkThatItReloads(unit, service, manager.user);

  const since = Date.now();
  const started = performance.now();
  const ended = await manager.run("reload", "--", ...units);
  const took = Math.round(performance.now() - started);
  const entries = await readLog(manager, units, since);
  const ofApp = entries.filter(({ from }) => from === "app");
  if (ended.code !== 0) throw await reloadError(manager, service, units, ended.stderr, entries);
  const confirmed = running.every(({ type }) => type === "notify-reload");
  const said = confirmed
    ? (await manager.show(units, ["Id", "StatusText"])).map(({ StatusText }) => StatusText)
    : [];
  const hasSaid = (pattern: RegExp) => said.some((text) => pattern.test(text));
  showEntries(ofApp);
  // Workers of a cluster say it in the journal alone.
  if (hasSaid(failedReload) || ofApp.some(({ message }) => failedReload.test(message))) {
    throw new CliError(
      "ERR_RELOAD",
      `${name} could not reload, and keeps running with its old settings`,
      ofApp.length > 0
        ? "The lines above have the reason. Correct it, and reload again."
        : `Its log has the reason: ${serviceCommand("logs", name, manager.user)}. Correct it, and reload again.`,
      { exitCode: EXIT.failed },
    );
  }
  const outcome = hasSaid(emptyReload) ? "unchanged" : "reloaded";
  return { name, outcome, units, took, confirmed, log: ofApp.map(({ message }) => message) };
}

/** The lines since the reload began. Core reports to systemd that a reload is done just before it logs the result. */
async function readLog(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): Promise<JournalEntry[]> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    await syncJournal(manager);
    const { entries } = await readJournal(manager, units, { since });
    const having = (pattern: RegExp) => entries.filter(({ message }) => pattern.test(message)).length;
    const isWritten = having(/\breloading\b/) <= having(/\breloaded\b/) + having(failedReload);
    if (isWritten || performance.now() > deadline) return entries;
    await delay(50);
  }
}

async function reloadError(
  manager: ServiceManager,
  { name }: ActivatedService,
  units: readonly string[],
  stderr: string,
  entries: readonly JournalEntry[],
): Promise<CliError> {
  // systemctl prints why it refused a reload. For a failed job, it prints only that the job failed.
  if (!/job for/i.test(stderr))
    return manager.refused(`reload ${units.join(" ")}`, { code: 1, stdout: "", stderr });
  const states = await manager.show(units, ["Id", "ReloadResult", "ActiveState"]);
  const failed = states.find(({ ReloadResult }) => ReloadResult !== "success") ?? states[0]!;
  showEntries(entries);
  const keeps =
    failed.ActiveState === "active" ? `${failed.Id} keeps running` : `${failed.Id} is ${failed.ActiveState}`;
  return new CliError(
    "ERR_RELOAD",
    `${name} did not reload: ${failed.ReloadResult}. ${keeps}`,
    `See more of its log: ${serviceCommand("logs", name, manager.user)}. To restart it: ${serviceCommand("restart", name, manager.user)}`,
    { exitCode: EXIT.failed },
  );
}

function reportText({ name, outcome, took, confirmed }: ReloadReport, user: boolean): string {
  if (outcome === "unchanged")
    return `${name} did not read its settings again, because the app has no onReload.\nTo use new settings, restart it: ${serviceCommand("restart", name, user)}\n`;
  if (outcome === "asleep") return `${name} does not run: its next start reads the new settings.\n`;
  return confirmed
    ? `${name} reloaded in ${tookText(took)}.\n`
    : `${name} was told to reload. Without Type=notify-reload, it does not report when the reload is done.\n`;
}

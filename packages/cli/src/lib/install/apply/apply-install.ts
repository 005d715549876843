import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CliError, EXIT } from "../../shared/cli-error.ts";
import { assignmentsIn } from "../../shared/unit-text.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { keepFolders, keptFolders } from "../kept-folders.ts";
import { isSameFile, unitFolder } from "../places.ts";
import { assertAccountNamesFree } from "../plan/foreign-accounts.ts";
import { assertPathsFree } from "../plan/foreign-paths.ts";
import {
  earlierTexts,
  type InstallPlan,
  type PreparedInstall,
  removedUnits,
  serviceOf,
  startersOf,
} from "../plan/plan.ts";
import { contentOf } from "../safe-folder.ts";
import { exists, foldersOf, missingOf, removeSocketFile, socketPathsOf } from "../service-paths.ts";
import { type Absent, Change } from "../undo/change.ts";
import { recover, undo, undoneError } from "../undo/undo.ts";
import { applySites, assertSiteFits, includeSites, isIncluded } from "../sites.ts";
import { Units } from "../units.ts";
import { backupsOf, fileChanges } from "./file-changes.ts";
import { startUnits } from "./start.ts";
import type { Applied, ApplyOptions } from "./steps.ts";
import { inTurn, locked } from "./turns.ts";

/**
 * Installs the prepared files: writes them, reloads systemd, enables and starts the sockets, and checks that
 * they listen.
 *
 * If a step fails, or the signal is aborted, all changes are undone: files, enabled units and running units.
 * If this process is killed, the next call for this name undoes the changes.
 */
export async function applyInstall(prepared: PreparedInstall, options: ApplyOptions): Promise<Applied> {
  const { plan } = prepared;
  const { signal } = options;
  try {
    return await locked(plan, plan.name, options, () => applyAlone(prepared, options));
  } catch (cause) {
    const isTold = cause instanceof CliError && /^SOCKACT_ERR_INSTALL_(?:UNDO|INTERRUPTED)$/.test(cause.code);
    if (!signal?.aborted || isTold) throw cause;
    throw undoneError(signal);
  }
}

async function applyAlone(prepared: PreparedInstall, options: ApplyOptions): Promise<Applied> {
  const { plan } = prepared;
  const { onStep, signal, verify, verifySite } = options;
  let hasReloadedProxy = false;
  const units = new Units(plan, signal);
  const { change, applied, sites } = await inTurn(plan, options, () => applyInTurn(prepared, units, options));
  try {
    // An app may take a minute to answer. Other installations do not wait for it.
    await verify?.();
    signal?.throwIfAborted();
    const { manager } = units;
    if (manager) {
      await inTurn(plan, options, async () => {
        hasReloadedProxy = true;
        for (const unit of await applySites(sites, plan.name, manager)) onStep({ type: "served", unit });
      });
      await verifySite?.();
      signal?.throwIfAborted();
      await removeDroppedSockets(prepared);
      for (const path of prepared.dropped) rmSync(path, { force: true });
      recordDroppedFolders(prepared);
    }
    change.commit();
    return applied;
  } catch (error) {
    // Without the signal: the undo must always run.
    return inTurn(plan, { onStep }, () => undo(error, plan, change, { ...options, hasReloadedProxy }));
  }
}

async function applyInTurn(
  prepared: PreparedInstall,
  units: Units,
  options: ApplyOptions,
): Promise<{ change: Change; applied: Applied; sites: string[] }> {
  const { plan, force } = prepared;
  const { onStep, signal } = options;
  const { manager } = units;
  const notStarted = await recover(plan, plan.name);
  if (notStarted) onStep({ type: "recovered", notStarted });
  checkUnchanged(prepared);
  await assertAccountNamesFree(plan, earlierTexts(prepared));
  await assertPathsFree(plan, earlierTexts(prepared), manager, force);
  if (plan.site !== undefined && manager) await assertSiteFits(plan.name, plan.site, manager);
  const backups = backupsOf(prepared);
  const before = await units.before(await allUnits(prepared, units));
  const [running] = Object.keys(before.active);
  if (!options.start && running !== undefined) throw runningError(running);
  signal?.throwIfAborted();
  const sites = changedSites(prepared);
  const absent = manager && absentOf(plan);
  const change = Change.begin(plan, plan.name, fileChanges(prepared, backups), before, absent);
  try {
    onStep({ type: "staged" });
    const enabled = toEnable(plan);
    const wasEnabled = enabled.every((unit) => before.enabled.includes(unit));
    await dropRemovedUnits(prepared, units, onStep);
    for (const { path, isRemoved } of change.write()) {
      onStep({ type: isRemoved ? "removed" : "written", path });
      signal?.throwIfAborted();
    }
    // Before the proxy loads it, so that a call for another service sees the site.
    if (manager) includeSites(sites, plan.name);
    const hasFiles = prepared.files.some(({ state }) => state !== "same");
    if (hasFiles || (await units.needReload(Object.keys(plan.units)))) {
      await units.reload();
      onStep({ type: "reloaded" });
    }
    if (manager) await checkLoaded(plan, manager);
    // This makes systemd read all units again, even if nothing changes.
    if (hasFiles || !wasEnabled) {
      await units.enable(enabled);
      onStep({ type: "enabled", units: enabled });
    }
    signal?.throwIfAborted();
    const hasStarted =
      manager && options.start ? await startUnits(prepared, before, manager, options) : false;
    const changed = notStarted !== undefined || hasFiles || !wasEnabled || hasStarted;
    return { change, sites, applied: { changed, backups: backups.map(({ path }) => path) } };
  } catch (error) {
    return undo(error, plan, change, { ...options, hasReloadedProxy: false });
  }
}

/** The changed files, among which may be sites, and the site that the proxy does not read. */
function changedSites({ plan, files }: PreparedInstall): string[] {
  const changed = files.filter(({ state }) => state !== "same").map(({ path }) => path);
  const own = plan.site === undefined || isIncluded(plan.site.path, plan.name) ? [] : [plan.site.path];
  return [...changed, ...own];
}

/** A unit that runs would be left with its earlier file. */
function runningError(unit: string): CliError {
  const hint = "Leave --no-start out: a changed service is restarted, and its port stays open.";
  return new CliError("SOCKACT_ERR_USAGE", `${unit} is active, so --no-start can't be used`, hint);
}

/** The folders and files that systemd will create for the units. */
function absentOf(plan: InstallPlan): Absent {
  const texts = Object.values(plan.units);
  const folders = foldersOf(plan, texts);
  const present = folders.filter(({ path, privatePath }) => exists(path) || exists(privatePath));
  const kinds = new Set(folders.map(({ kind }) => kind));
  for (const { kind } of present) kinds.delete(kind);
  return { folders: [...kinds], paths: socketPathsOf(plan, texts).flatMap(missingOf) };
}

/** systemd does not remove the file of a unix socket that the service no longer has. */
async function removeDroppedSockets(prepared: PreparedInstall): Promise<void> {
  const { plan } = prepared;
  const kept = socketPathsOf(plan, Object.values(plan.units));
  for (const path of socketPathsOf(plan, earlierTexts(prepared)))
    if (!kept.includes(path)) await removeSocketFile(path);
}

/**
 * systemd does not remove a folder that the service no longer has. The record is for an uninstallation, and
 * for a later version that uses the folder again.
 */
function recordDroppedFolders(prepared: PreparedInstall): void {
  const { plan } = prepared;
  const had = keptFolders(plan, plan.name, plan.author);
  const known = [...foldersOf(plan, Object.values(plan.units)), ...had].map(({ path }) => path);
  const dropped = foldersOf(plan, earlierTexts(prepared)).flatMap(({ kind, path }) =>
    kind === "runtime" || known.includes(path) || !existsSync(path) ? [] : [{ kind, path }],
  );
  if (dropped.length > 0) keepFolders(plan, plan.name, [...had, ...dropped], plan.author);
}

/** Throws if the files have changed since they were shown to the user. */
function checkUnchanged({ files }: PreparedInstall): void {
  for (const { path, previous } of files) {
    if (contentOf(path)?.toString() === previous) continue;
    const message = `${path} has changed since it was shown`;
    throw new CliError("SOCKACT_ERR_INSTALL_CHANGED", message, "Run the command again.", {
      exitCode: EXIT.failed,
    });
  }
}

/** Another socket starts a socket without [Install]: the health socket. */
function toEnable(plan: InstallPlan): string[] {
  const starters = startersOf(plan);
  if (starters.length === 0) return [serviceOf(plan)];
  return starters.filter((unit) =>
    assignmentsIn(plan.units[unit]!).some(({ section }) => section === "Install"),
  );
}

/** The units of this and the earlier installation. */
async function allUnits(prepared: PreparedInstall, units: Units): Promise<string[]> {
  const { plan } = prepared;
  const service = serviceOf(plan);
  const files = [...Object.keys(plan.units), ...removedUnits(prepared)];
  const names = files.filter((unit) => !unit.endsWith(".container"));
  // The process that answers a probe is not part of the app, and can't be started again.
  const ofApp = [service, ...names].filter((unit) => unit !== `${plan.name}-health@.service`);
  const services = await Promise.all(ofApp.map((unit) => units.instancesOf(unit)));
  // A rolling pair may start an instance that systemd has not loaded yet.
  const pair = service.includes("@.") ? ["@blue.", "@green."].map((at) => service.replace("@.", at)) : [];
  return [...new Set([...names, ...services.flat(), ...pair])];
}

/** Disables the sockets and the timer that the description no longer has, while systemd still knows their files. */
async function dropRemovedUnits(
  prepared: PreparedInstall,
  units: Units,
  onStep: ApplyOptions["onStep"],
): Promise<void> {
  const starters = removedUnits(prepared).filter((unit) => /\.(?:socket|timer)$/.test(unit));
  if (starters.length === 0) return;
  await units.disable(starters);
  onStep({ type: "disabled", units: starters });
}

/** Checks that systemd has loaded these files, and not others of the same name. */
async function checkLoaded(plan: InstallPlan, manager: ServiceManager): Promise<void> {
  const units = Object.keys(plan.units).filter((unit) => !unit.endsWith(".container"));
  const shown = await manager.show(
    units.map((unit) => unit.replace("@.", "@blue.")),
    ["LoadState", "LoadError", "FragmentPath"],
  );
  for (const [index, { LoadState, LoadError, FragmentPath }] of shown.entries()) {
    const unit = units[index]!;
    const path = join(unitFolder(plan, unit), unit);
    if (LoadState === "loaded" && isSameFile(FragmentPath, path)) continue;
    const why =
      LoadState !== "loaded"
        ? `systemd can't load ${unit}: ${LoadError || LoadState}`
        : `systemd reads ${FragmentPath} instead of ${path}`;
    const verify = `${manager.systemctl.replace("systemctl", "systemd-analyze")} verify ${path}`;
    const hint =
      LoadState === "not-found" && plan.user
        ? "XDG_CONFIG_HOME must be the one of your service manager: systemctl --user show-environment"
        : `To see the faulty line: ${verify}`;
    throw new CliError("SOCKACT_ERR_INSTALL_LOAD", why, hint, { exitCode: EXIT.failed });
  }
}

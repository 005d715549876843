import { setTimeout as delay } from "node:timers/promises";
import { CliError, EXIT } from "../../shared/cli-error.ts";
import { exitCodeAfter } from "../../shared/until-signal.ts";
import { ProgramError } from "../../shared/execute.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { serves } from "../../systemd/unit-state.ts";
import { whyNotStarted } from "../failure.ts";
import type { Place } from "../places.ts";
import { inFolderOf } from "../safe-folder.ts";
import { exists, removeSocketFile } from "../service-paths.ts";
import { includeSites, restoreSites } from "../sites.ts";
import { resetLimits, restartOpen, Units, type UnitsBefore } from "../units.ts";
import { Change } from "./change.ts";

/**
 * A unit that ran before the change and does not start again, although its files and enablement are restored.
 */
export interface NotStarted {
  unit: string;
  /** The lines of systemd and the app. */
  why: string[];
}

/** The lines about units that do not start again. */
export function notStartedText(notStarted: readonly NotStarted[]): string[] {
  return notStarted.flatMap(({ unit, why }) => [
    `But ${unit} ran before, and does not start again:`,
    ...why.map((line) => `  ${line}`),
  ]);
}

/**
 * Undoes the changes of a killed call. Resolves to the units that do not start again, or to undefined if
 * there was nothing to undo.
 *
 * @param start - whether to start the units that ran before
 */
export async function recover(
  place: Place,
  name: string,
  start?: boolean,
): Promise<NotStarted[] | undefined> {
  Change.clean(place, name);
  const change = Change.pending(place, name);
  return change && rollBack(place, change, { start });
}

interface UndoOptions {
  signal?: AbortSignal | undefined;
  onStep: (step: { type: "undoing" }) => void;
  hasReloadedProxy?: boolean;
}

/**
 * Undoes a change after a failed step or an interrupt. Rejects with the error that reports it.
 *
 * A proxy that has not been reloaded yet is left alone: it may still serve a site that somebody has moved away
 * for the new one.
 */
export async function undo(
  failure: unknown,
  place: Place,
  change: Change,
  { signal, onStep, hasReloadedProxy = true }: UndoOptions,
): Promise<never> {
  onStep({ type: "undoing" });
  const notStarted = await rollBack(place, change, { sites: hasReloadedProxy }).catch((cause: unknown) => {
    throw undoError(failure, cause);
  });
  throw signal?.aborted ? undoneError(signal, notStarted) : errorAfterUndo(failure, place, notStarted);
}

/** The error of an interrupted call. */
export function interruptedError(
  signal: AbortSignal,
  message: string,
  hint: string,
  cause?: unknown,
): CliError {
  const exitCode = exitCodeAfter(signal);
  return new CliError("SOCKACT_ERR_INSTALL_INTERRUPTED", message, hint, { exitCode, cause });
}

/** The error of an interrupted installation, after all changes were undone. */
export function undoneError(signal: AbortSignal, notStarted: readonly NotStarted[] = []): CliError {
  const message = ["interrupted; all changes were undone", ...notStartedText(notStarted)].join("\n");
  return interruptedError(signal, message, "Run the command again.");
}

/** The error of a step, after all changes were undone. */
function errorAfterUndo(error: unknown, { user }: Place, notStarted: readonly NotStarted[]): unknown {
  if (!(error instanceof CliError) && notStarted.length === 0) return error;
  const { code, message, hint, exitCode, cause } =
    error instanceof CliError
      ? error
      : new CliError("SOCKACT_ERR_INSTALL_START", String(error), "", { exitCode: EXIT.failed, cause: error });
  const text = [`${message}\nAll changes were undone.`, ...notStartedText(notStarted)].join("\n");
  const units = notStarted.map(({ unit }) => unit).join(" ");
  const start = `systemctl${user ? " --user" : ""} restart ${units}`;
  const hints = [hint, units && `To start the units that ran before: ${start}`];
  // Without its socket, clients can't reach the service.
  const isSilent = notStarted.some(({ unit }) => unit.endsWith(".socket"));
  return new CliError(isSilent ? "SOCKACT_ERR_INSTALL_UNDO" : code, text, hints.filter(Boolean).join("\n"), {
    exitCode,
    cause,
  });
}

/**
 * The error if both a step and the undo failed. The journal of the change is kept, so the next call tries
 * again.
 */
function undoError(error: unknown, cause: unknown): CliError {
  const [first, second] = [error, cause].map((each) => (each instanceof Error ? each.message : String(each)));
  return new CliError(
    "SOCKACT_ERR_INSTALL_UNDO",
    `${first}\nThen a change could not be undone: ${second}`,
    "Correct this fault, and run the command again: it first undoes the rest.",
    { exitCode: EXIT.failed, cause },
  );
}

/**
 * Restores files, enabled units and running units. It compares states and does not depend on completed steps,
 * so it can begin at any moment of an installation, and again after a kill.
 */
async function rollBack(
  place: Place,
  change: Change,
  { start = true, sites = true }: { start?: boolean | undefined; sites?: boolean },
): Promise<NotStarted[]> {
  const units = new Units(place);
  const { manager } = units;
  const { before } = change;
  const now = await insist(() => units.before(before.units));
  // Before the files change: `disable` reads from them which links to remove, and `clean` where the folders
  // are.
  await insist(() => units.disable(now.enabled.filter((unit) => !before.enabled.includes(unit))));
  if (manager !== undefined) await insist(() => removeMade(manager, change));
  change.revertFiles();
  if (manager !== undefined) {
    await insist(() => stopForgotten(manager, change));
    // Until now, a socket that ran before has listened on its new address.
    await removeMadePaths(change);
  }
  await insist(() => units.reload());
  await insist(() => units.enable(before.enabled.filter((unit) => !now.enabled.includes(unit))));
  const notStarted = await insist(() => restoreRunning(units, before, start));
  if (!sites) includeSites(change.paths, change.name);
  else if (manager !== undefined) await insist(() => restoreSites(change.paths, change.name, manager));
  change.forget();
  return notStarted;
}

/** Removes the folders and files that systemd has created for the new units. */
async function removeMade(manager: ServiceManager, change: Change): Promise<void> {
  const { before, absent } = change;
  if (absent.folders.length === 0 && absent.paths.length === 0) return;
  const units = before.units.filter((unit) => !(unit in before.active) && !unit.includes("@."));
  const shown = await manager.show(units, ["Id", "LoadState"]);
  const loaded = units.filter((_, index) => shown[index]!.LoadState === "loaded");
  if (loaded.length > 0) await manager.mustRun("stop", "--", ...loaded);
  const services = loaded.filter((unit) => unit.endsWith(".service"));
  if (services.length > 0 && absent.folders.length > 0) {
    // A failed unit can't be cleaned.
    await resetLimits(manager, services);
    // If this fails, an empty folder or unused data remains. The other folders can still be removed.
    await manager.run("clean", ...absent.folders.map((kind) => `--what=${kind}`), "--", ...services);
  }
  await removeMadePaths(change);
}

/** Removes unix socket files without a listener, and their folders. */
async function removeMadePaths({ absent }: Change): Promise<void> {
  for (const path of absent.paths.filter(exists)) {
    try {
      if (!(await removeSocketFile(path))) continue;
      inFolderOf(path, (folder, file) => {
        if (folder.stat(file)?.isDirectory()) folder.removeFolder(file);
      });
    } catch (error) {
      // Another user may change its folder.
      if ((error as CliError).code !== "SOCKACT_ERR_INSTALL_PATH") throw error;
    }
  }
}

/**
 * Stops the sockets that systemd has loaded in their new version. Otherwise `daemon-reload` closes each
 * address that the new file does not have, and the unit stays active without it.
 */
async function stopForgotten(manager: ServiceManager, change: Change): Promise<void> {
  const { before } = change;
  const sockets = Object.keys(before.addresses);
  const shown = await manager.show(sockets, ["Id", "Listen"]);
  const forgotten = sockets.filter((unit, index) => shown[index]!.Listen !== before.addresses[unit]);
  if (forgotten.length > 0) await manager.mustRun("stop", "--", ...forgotten);
}

/**
 * Stops the units that did not run before, and starts those that did. Does not touch units that kept running.
 */
async function restoreRunning(units: Units, before: UnitsBefore, start: boolean): Promise<NotStarted[]> {
  const { manager } = units;
  if (manager === undefined) return [];
  const now = await units.before(before.units);
  const stopped = Object.keys(now.active).filter((unit) => !(unit in before.active));
  if (stopped.length > 0) await manager.mustRun("stop", "--", ...stopped);
  await resetLimits(manager, before.units);
  const restarted = Object.entries(before.active)
    .filter(([unit, invocation]) => now.active[unit] !== invocation)
    .map(([unit]) => unit);
  if (restarted.length === 0 || !start) return [];
  const since = Date.now();
  const { code } = await restartOpen(manager, restarted);
  if (code === 0) return [];
  const shown = await manager.show(restarted, ["Id", "ActiveState"]);
  const failed = restarted.filter((_, index) => !serves(shown[index]!));
  return Promise.all(
    failed.map(async (unit) => ({ unit, why: await whyNotStarted(manager, [unit], since) })),
  );
}

/** Ctrl-C in a terminal also ends systemctl. The undo continues nevertheless. */
async function insist<Result>(action: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const isKilled =
        error instanceof CliError && error.cause instanceof ProgramError && error.cause.isKilled;
      if (!isKilled || attempt === 10) throw error;
      await delay(50);
    }
  }
}

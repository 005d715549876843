import { basename, join } from "node:path";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { type Absent, Change } from "./change.ts";
import { backupsOf, fileChanges } from "./file-changes.ts";
import { refuseForeignAccounts } from "./foreign-accounts.ts";
import { refuseForeignPaths } from "./foreign-paths.ts";
import { interruptedCode } from "./interrupt.ts";
import { inTurn, locked } from "./lock.ts";
import { isSameFile, unitFolder } from "./places.ts";
import { exists, foldersOf, missingOf, removeSocketFile, socketPathsOf } from "./outside.ts";
import type { Applied, ApplyOptions, InstallPlan, InstallStep, NotStarted, PreparedInstall } from "./plan.ts";
import { contentOf, earlierTexts } from "./prepare.ts";
import { notStartedText, recover, rollBack } from "./rollback.ts";
import { startUnits } from "./start.ts";
import { Units } from "./units.ts";

/**
 * Installs the prepared files: writes them, reloads systemd, enables and starts the sockets, and checks that they listen.
 *
 * If a step fails, or the signal is aborted, all changes are undone: files, enabled units and running units. If this process is killed, the next
 * call for this name undoes the changes.
 *
 * @param manager - undefined below a root folder, where nothing is started
 */
export async function applyInstall(
  prepared: PreparedInstall,
  manager: ServiceManager | undefined,
  options: ApplyOptions = {},
): Promise<Applied> {
  const { onStep = () => {}, signal } = options;
  const { plan } = prepared;
  try {
    return await locked(
      plan,
      plan.name,
      signal,
      () => onStep({ type: "waiting" }),
      () => applyAlone(prepared, manager, { ...options, onStep }),
    );
  } catch (cause) {
    const isTold = cause instanceof CliError && /^SOCKACT_ERR_INSTALL_(?:UNDO|INTERRUPTED)$/.test(cause.code);
    if (!signal?.aborted || isTold) throw cause;
    throw interrupted(signal, []);
  }
}

type Options = ApplyOptions & { onStep: (step: InstallStep) => void };

/** The results of the steps, before the last check. */
interface Done {
  change: Change;
  applied: Applied;
}

async function applyAlone(
  prepared: PreparedInstall,
  manager: ServiceManager | undefined,
  options: Options,
): Promise<Applied> {
  const { plan } = prepared;
  const { onStep, signal, verify } = options;
  const onWait = () => onStep({ type: "waiting" });
  const { change, applied } = await inTurn(plan, signal, onWait, () =>
    applyInTurn(prepared, manager, options),
  );
  try {
    // An app may take a minute to answer. Other installations need not wait for it.
    await verify?.();
    signal?.throwIfAborted();
    if (manager) await removeDroppedSockets(prepared);
    change.commit();
    return applied;
  } catch (error) {
    // Without the signal: the undo must always run.
    return await inTurn(plan, undefined, onWait, () => undo(error, plan, change, options));
  }
}

async function applyInTurn(
  prepared: PreparedInstall,
  manager: ServiceManager | undefined,
  options: Options,
): Promise<Done> {
  const { plan } = prepared;
  const { onStep, signal } = options;
  const notStarted = await recover(plan, plan.name);
  if (notStarted) onStep({ type: "recovered", notStarted });
  checkUnchanged(prepared);
  await refuseForeignAccounts(plan, earlierTexts(prepared));
  await refuseForeignPaths(plan, earlierTexts(prepared), {
    manager: manager ?? new ServiceManager({ user: plan.user }),
    force: prepared.force,
  });
  const units = new Units(plan.root, manager);
  const backups = backupsOf(prepared);
  const before = await units.before(await allUnits(prepared, units));
  signal?.throwIfAborted();
  const absent = manager && plan.root === "/" ? absentOf(plan) : undefined;
  const change = Change.begin(plan, plan.name, fileChanges(prepared, backups), before, absent);
  try {
    onStep({ type: "staged" });
    const wasEnabled = toEnable(prepared).every((unit) => before.enabled.includes(unit));
    await dropRemovedUnits(prepared, units, onStep);
    for (const { path, isRemoved } of change.write()) {
      onStep({ type: isRemoved ? "removed" : "written", path });
      signal?.throwIfAborted();
    }
    const hasFiles = prepared.files.some(({ state }) => state !== "same") || prepared.removed.length > 0;
    if (hasFiles || (await units.needReload(Object.keys(plan.units)))) {
      await units.reload();
      onStep({ type: "reloaded" });
    }
    if (manager && plan.root === "/") await checkLoaded(prepared, manager);
    // It makes systemd read all units again, even if nothing changes.
    if (hasFiles || !wasEnabled) {
      await units.enable(toEnable(prepared));
      onStep({ type: "enabled", units: toEnable(prepared) });
    }
    signal?.throwIfAborted();
    const hasStarted = units.manager
      ? await startUnits(prepared, before, units.manager, { onStep, signal })
      : false;
    const changed = hasFiles || !wasEnabled || hasStarted;
    return { change, applied: { changed, backups: backups.map(({ path }) => path) } };
  } catch (error) {
    return undo(error, plan, change, options);
  }
}

/** Undoes all changes, and rejects with the error that reports it. */
async function undo(failure: unknown, plan: InstallPlan, change: Change, options: Options): Promise<never> {
  const { onStep, signal } = options;
  onStep({ type: "undoing" });
  const notStarted = await rollBack(plan, change).catch((cause: unknown) => {
    throw undoError(failure, cause);
  });
  throw signal?.aborted ? interrupted(signal, notStarted) : afterUndo(failure, plan, notStarted);
}

function interrupted(signal: AbortSignal, notStarted: readonly NotStarted[]): CliError {
  const exitCode = interruptedCode(signal);
  const message = ["interrupted; all changes were undone", ...notStartedText(notStarted)].join("\n");
  return new CliError("SOCKACT_ERR_INSTALL_INTERRUPTED", message, "Run the command again.", { exitCode });
}

/** The error of a step, after all changes were undone. */
function afterUndo(error: unknown, { user }: InstallPlan, notStarted: readonly NotStarted[]): unknown {
  if (!(error instanceof CliError) && notStarted.length === 0) return error;
  const { code, message, hint, exitCode, cause } =
    error instanceof CliError
      ? error
      : new CliError("SOCKACT_ERR_INSTALL_START", String(error), "", { exitCode: EXIT.failed, cause: error });
  const text = [`${message}\nAll changes were undone.`, ...notStartedText(notStarted)].join("\n");
  const units = notStarted.map(({ unit }) => unit).join(" ");
  const start = `systemctl${user ? " --user" : ""} restart ${units}`;
  const hints = [hint, ...(units === "" ? [] : [`To start the units that ran before: ${start}`])];
  // Without its socket, clients can't reach the service.
  const isSilent = notStarted.some(({ unit }) => unit.endsWith(".socket"));
  return new CliError(isSilent ? "SOCKACT_ERR_INSTALL_UNDO" : code, text, hints.filter(Boolean).join("\n"), {
    exitCode,
    cause,
  });
}

/** The error when both a step and the undo have failed. The journal of the change stays, so the next call tries again. */
function undoError(error: unknown, cause: unknown): CliError {
  const [first, second] = [error, cause].map((each) => (each instanceof Error ? each.message : String(each)));
  return new CliError(
    "SOCKACT_ERR_INSTALL_UNDO",
    `${first}\nThen a change could not be undone: ${second}`,
    "Correct this fault, and run the command again: it first undoes the rest.",
    { exitCode: EXIT.failed, cause },
  );
}

/** The folders and files that systemd will create for the units. */
function absentOf(plan: InstallPlan): Absent {
  const texts = Object.values(plan.units);
  const folders = texts.flatMap((text) => foldersOf(plan, text));
  const present = new Set(
    folders.filter(({ path, privatePath }) => exists(path) || exists(privatePath)).map(({ kind }) => kind),
  );
  return {
    folders: [...new Set(folders.map(({ kind }) => kind))].filter((kind) => !present.has(kind)),
    paths: texts.flatMap((text) => socketPathsOf(plan, text)).flatMap(missingOf),
  };
}

/** systemd does not remove the file of a unix socket that the service no longer has. */
async function removeDroppedSockets(prepared: PreparedInstall): Promise<void> {
  const { plan } = prepared;
  const kept = new Set(Object.values(plan.units).flatMap((text) => socketPathsOf(plan, text)));
  const earlier = earlierTexts(prepared).flatMap((text) => socketPathsOf(plan, text));
  for (const path of earlier) if (!kept.has(path)) await removeSocketFile(path);
}

/** The files must not have changed since the user saw them. */
function checkUnchanged({ files }: PreparedInstall): void {
  for (const { path, previous } of files) {
    if (contentOf(path, undefined)?.toString() === previous) continue;
    throw new CliError(
      "SOCKACT_ERR_INSTALL_CHANGED",
      `${path} has changed since it was shown`,
      "Run the command again.",
      {
        exitCode: EXIT.failed,
      },
    );
  }
}

/** A socket without [Install] is started by another socket: the one that answers probes. */
const toEnable = ({ plan }: PreparedInstall): string[] =>
  plan.sockets.length > 0
    ? plan.sockets.filter((unit) => plan.units[unit]!.includes("\n[Install]\n"))
    : [plan.service];

/** The units of this installation and of the earlier one. */
async function allUnits({ plan, removed }: PreparedInstall, units: Units): Promise<string[]> {
  const files = [...Object.keys(plan.units), ...removed.map((path) => basename(path))];
  const names = files.filter((unit) => /\.(?:service|socket)$/.test(unit));
  // The process that answers a probe does not belong to the app, and can't be started again.
  const ofApp = [plan.service, ...names].filter((unit) => unit !== `${plan.name}-health@.service`);
  const services = await Promise.all(ofApp.map((unit) => units.instancesOf(unit)));
  // A rolling pair may wake an instance that systemd has not loaded yet.
  const pair = plan.service.includes("@.")
    ? ["@blue.", "@green."].map((at) => plan.service.replace("@.", at))
    : [];
  return [...new Set([...names, ...services.flat(), ...pair])];
}

/** Disables the sockets that the description no longer has, while systemd still knows their files. */
async function dropRemovedUnits(
  { removed }: PreparedInstall,
  units: Units,
  onStep: (step: InstallStep) => void,
): Promise<void> {
  const sockets = removed.map((path) => basename(path)).filter((file) => file.endsWith(".socket"));
  if (sockets.length === 0) return;
  await units.disable(sockets);
  onStep({ type: "disabled", units: sockets });
}

/** Checks that systemd has read these files, and not other files of the same name. */
async function checkLoaded({ plan }: PreparedInstall, manager: ServiceManager): Promise<void> {
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
    throw new CliError("SOCKACT_ERR_INSTALL_LOAD", why, hint, {
      exitCode: EXIT.failed,
    });
  }
}

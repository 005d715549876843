import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { Change } from "./change.ts";
import { checkPlan } from "./check-plan.ts";
import { hasNewSocket } from "./closed-sockets.ts";
import { refuseForeignAccounts } from "./foreign-accounts.ts";
import { refuseForeignPaths } from "./foreign-paths.ts";
import { authorOf, withHeader } from "./header.ts";
import { MANIFEST, parseManifest } from "./manifest.ts";
import { checkName } from "./names.ts";
import { isSameFile, type Place, serviceFolder, unitFolder, unitFolders } from "./places.ts";
import { refuseOtherApp } from "./other-app.ts";
import type { InstallPlan, PreparedFile, PreparedInstall } from "./plan.ts";
import { inFolderOf } from "./safe-folder.ts";
import { ownCommand } from "../shared/own-command.ts";

export interface PrepareOptions {
  /** Whether to replace files that sockact did not write, or that were edited. */
  force: boolean;
  /** By default the manager that the plan is for. */
  manager?: ServiceManager | undefined;
}

/** Compares a plan with the files and units of this machine. Only reads. Throws a CliError for a file or unit that must not be replaced. */
export async function prepareInstall(
  plan: InstallPlan,
  { force, manager = new ServiceManager({ user: plan.user }) }: PrepareOptions,
): Promise<PreparedInstall> {
  checkPlace(plan, "install");
  checkName(plan.name);
  checkPlan(plan);
  const notes: string[] = [];
  const pending = Change.pending(plan, plan.name);
  if (pending) notes.push("An earlier call was killed halfway. Its changes are undone first.");
  const manifestContent = contentOf(join(serviceFolder(plan, plan.name), MANIFEST), pending);
  const manifest = manifestContent && parseManifest(manifestContent, plan, plan.name);
  await refuseForeignUnits(plan, manager);
  refuseOtherApp(plan, manifest, force);

  const files: PreparedFile[] = [];
  for (const [unit, text] of Object.entries(plan.units)) {
    const path = join(unitFolder(plan, unit), unit);
    const content = withHeader(plan.name, unit, text);
    const file = prepared(path, content, 0o644, pending);
    if (file.previous !== undefined) checkAuthor(plan, unit, file, force, notes);
    noteDropIns(path, unit, notes);
    files.push(file);
  }
  for (const { path, text, mode } of plan.extraFiles)
    files.push(prepared(join(plan.root, path), text, mode, pending));

  const kept = new Set(files.map(({ path }) => path));
  const removed = (manifest?.files ?? [])
    .map(({ path }) => join(plan.root, path))
    .filter((path) => !kept.has(path) && !path.includes("/backup/"));
  const removedTexts = removed.map((path) => contentOf(path, pending)?.toString() ?? "");
  const earlier = earlierTexts({ files, removedTexts });
  await refuseForeignAccounts(plan, earlier);
  // Those of a killed call have made folders and sockets too.
  const started = pending
    ? files.filter(({ path }) => isUnit(path)).map(({ path }) => contentOf(path, undefined)?.toString() ?? "")
    : [];
  for (const folder of await refuseForeignPaths(plan, [...earlier, ...started], { manager, force }))
    notes.push(`${folder} exists already, with data. The service gets it.`);
  if (plan.root === "/") await noteClosedSockets({ plan, files, removed }, manager, notes);
  if (plan.user) noteLingering(notes);
  return { plan, files, removed, removedTexts, notes, force };
}

/** The texts of the units that the service has now. */
export function earlierTexts({
  files,
  removedTexts,
}: Pick<PreparedInstall, "files" | "removedTexts">): string[] {
  const texts = files.filter(({ path }) => isUnit(path)).map(({ previous }) => previous);
  return [...texts, ...removedTexts].filter((text) => text !== undefined);
}

const isUnit = (path: string): boolean => /\.(?:service|socket|container)$/.test(path);

/** A socket is closed and opened again when one of its addresses changes, and closed when its unit gets another name. */
async function noteClosedSockets(
  { plan, files, removed }: Pick<PreparedInstall, "plan" | "files" | "removed">,
  manager: ServiceManager,
  notes: string[],
): Promise<void> {
  const changed = plan.sockets.filter((unit) => hasNewSocket({ plan, files }, unit));
  const dropped = removed.map((path) => basename(path)).filter((unit) => unit.endsWith(".socket"));
  const units = [...changed, ...dropped];
  const shown = await manager.show(units, ["Id", "ActiveState"]);
  const active = units.filter((_, index) => shown[index]!.ActiveState === "active");
  const closed = active.filter((unit) => changed.includes(unit));
  const replaced = active.filter((unit) => dropped.includes(unit));
  const replacing = changed.filter((unit) => !active.includes(unit));
  if (replaced.length > 0 && replacing.length > 0)
    notes.push(
      `${replacing.join(", ")} ${replacing.length === 1 ? "replaces" : "replace"} ${replaced.join(", ")}: systemd closes it before it opens the new socket. New connections are refused for that moment.`,
    );
  if (closed.length > 0)
    notes.push(
      `${closed.join(", ")}: systemd closes it and opens it again, with all its addresses. New connections are refused for that moment.`,
    );
}

/** Refuses a place where nothing can be installed. */
export function checkPlace({ user, root }: Place, command: string): void {
  if (user && root !== "/") {
    throw new CliError("SOCKACT_ERR_USAGE", "--user and --root exclude each other", "Leave one of them out.");
  }
  const { SUDO_UID, SUDO_USER } = process.env;
  if (user && process.getuid?.() === 0 && SUDO_UID !== undefined && SUDO_UID !== "0") {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_SUDO",
      "--user is for your own service manager, and sudo makes you root",
      `Run it without sudo: ${ownCommand()} ${command} … --user. For ${SUDO_USER ?? "another user"} from a script: systemd-run --pipe --uid=${SUDO_UID} … or su`,
    );
  }
}

function prepared(
  path: string,
  content: string | Buffer,
  mode: number,
  pending: Change | undefined,
): PreparedFile {
  const previous = contentOf(path, pending);
  const state = previous === undefined ? "new" : previous.equals(Buffer.from(content)) ? "same" : "changed";
  return { path, text: content, mode, state, previous: previous?.toString() };
}

/** The contents of a file, or its contents after the change of a killed call has been undone. */
export function contentOf(path: string, pending: Change | undefined): Buffer | undefined {
  const before = pending?.contentBefore(path);
  return before ? before.content : inFolderOf(path, (folder, file) => folder.read(file));
}

function checkAuthor(
  { name }: InstallPlan,
  unit: string,
  { path, previous, state }: PreparedFile,
  force: boolean,
  notes: string[],
): void {
  const author = authorOf(name, previous!);
  if (state === "same" || author === "sockact") return;
  if (force) {
    notes.push(`${path} ${author === "edited" ? "was edited" : "is not from sockact"}. A backup is kept.`);
    return;
  }
  if (author === "edited") {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_EDITED",
      `${path} was edited after sockact wrote it`,
      `${ownCommand()} units --diff shows the difference. Move the edit into your config, or into a drop-in (systemctl edit ${unit}). Then replace the file with --force. A backup is kept.`,
      { exitCode: EXIT.failed },
    );
  }
  throw foreign(path, "Choose another --name, or replace the file with --force. A backup is kept.");
}

function foreign(path: string, hint: string): CliError {
  return new CliError("SOCKACT_ERR_INSTALL_FOREIGN", `${path} exists, and sockact did not write it`, hint, {
    exitCode: EXIT.failed,
  });
}

/** Refuses the name of another unit, because our file would hide that unit. */
async function refuseForeignUnits(plan: InstallPlan, manager: ServiceManager): Promise<void> {
  const hint = "The new unit would hide it. Choose another --name.";
  const names = new Set([`${plan.name}.service`, `${plan.name}.socket`, ...plan.sockets, plan.service]);
  for (const unit of Object.keys(plan.units)) if (!unit.endsWith(".container")) names.add(unit);
  if (plan.root !== "/") {
    for (const unit of names)
      for (const folder of unitFolders(plan).slice(1)) {
        const path = join(folder, unit);
        if (existsSync(path)) throw foreign(path, hint);
      }
    return;
  }
  const units = [...names];
  // A template can't be shown, but an instance of it has the same file.
  const shown = await manager.show(
    units.map((unit) => unit.replace("@.", "@blue.")),
    ["Id", "LoadState", "FragmentPath", "SourcePath"],
  );
  for (const [index, { Id, LoadState, FragmentPath, SourcePath }] of shown.entries()) {
    const unit = units[index]!;
    const own = join(unitFolder(plan, unit), unit);
    const container = unit.replace(/\.service$/, ".container");
    if (LoadState === "masked") {
      const unmask = `${manager.systemctl} unmask ${unit}`;
      throw new CliError("SOCKACT_ERR_INSTALL_FOREIGN", `${unit} is masked`, `Unmask it: ${unmask}`, {
        exitCode: EXIT.failed,
      });
    }
    if (FragmentPath === "" || isSameFile(FragmentPath, own)) {
      if (LoadState === "loaded" && Id !== unit.replace("@.", "@blue."))
        throw foreign(`${unit}, which is another name of ${Id},`, hint);
      continue;
    }
    if (SourcePath === join(unitFolder(plan, container), container)) continue;
    throw foreign(FragmentPath, hint);
  }
}

function noteDropIns(path: string, unit: string, notes: string[]): void {
  inFolderOf(path, (folder) => {
    if (folder.stat(`${unit}.d`)?.isDirectory()) notes.push(`The settings in ${path}.d apply too.`);
  });
}

function noteLingering(notes: string[]): void {
  const { USER = "" } = process.env;
  if (USER !== "" && existsSync(join("/var/lib/systemd/linger", USER))) return;
  notes.push(
    "Your service manager ends when you log out, and the service with it. To keep it: loginctl enable-linger",
  );
}

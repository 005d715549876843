import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { withHeader } from "../header.ts";
import { readManifest } from "../manifest.ts";
import { checkName } from "../names.ts";
import { checkPlace, unitFolder } from "../places.ts";
import { contentOf, dropInFolderOf } from "../safe-folder.ts";
import { assertSiteFits } from "../sites.ts";
import { Change } from "../undo/change.ts";
import { Units } from "../units.ts";
import { assertAccountNamesFree } from "./foreign-accounts.ts";
import { assertPathsFree } from "./foreign-paths.ts";
import { assertFileReplaceable, assertUnitNamesFree, assertSameAuthor } from "./foreign-units.ts";
import {
  checkPlan,
  earlierTexts,
  type InstallPlan,
  isUnit,
  newSockets,
  type PreparedFile,
  type PreparedInstall,
  removedUnits,
} from "./plan.ts";

/**
 * Compares a plan with the files and units of this machine. Only reads. Throws a CliError for a file or unit
 * that must not be replaced.
 *
 * @param force - whether to replace files that sockact did not write, or that were edited
 * @param asksSystemd - whether to ask systemd which units and sockets it has. Without it, files are looked at.
 */
export async function prepareInstall(
  plan: InstallPlan,
  force: boolean,
  asksSystemd = true,
): Promise<PreparedInstall> {
  checkPlace(plan, "install");
  checkName(plan.name);
  checkPlan(plan);
  const manager = asksSystemd ? new Units(plan).manager : undefined;
  const notes: string[] = [];
  const pending = Change.pending(plan, plan.name);
  if (pending) notes.push("An earlier call was killed halfway. Its changes are undone first.");
  const read = (path: string) => (pending ? pending.contentBefore(path) : contentOf(path));
  const manifest = readManifest(plan, plan.name, read);
  await assertUnitNamesFree(plan, manager);
  assertSameAuthor(plan, manifest, force);

  const files: PreparedFile[] = [];
  const written = (path: string, text: string | Buffer, mode: number): PreparedFile => {
    const previous = read(path);
    const isSame = previous?.equals(Buffer.from(text));
    const state = previous === undefined ? "new" : isSame ? "same" : "changed";
    return { path, text, mode, state, previous: previous?.toString() };
  };
  for (const [unit, text] of Object.entries(plan.units)) {
    const path = join(unitFolder(plan, unit), unit);
    const file = written(path, withHeader(plan.name, unit, text), 0o644);
    notes.push(...assertFileReplaceable(plan, unit, file, force));
    files.push(file);
    const dropIns = dropInFolderOf(path);
    if (dropIns !== undefined) notes.push(`The settings in ${dropIns} apply too.`);
  }
  if (plan.site !== undefined) {
    const { path, text } = plan.site;
    const advice = `Do not edit it: the next installation replaces it`;
    const file = written(path, withHeader(plan.name, basename(path), text, advice), 0o644);
    notes.push(...assertFileReplaceable(plan, basename(path), file, force));
    if (manager) notes.push(...(await assertSiteFits(plan.name, plan.site, manager)));
    files.push(file);
  }
  for (const { path, text, mode } of plan.extraFiles) files.push(written(join(plan.root, path), text, mode));
  const kept = new Set(files.map(({ path }) => path));
  for (const path of (manifest?.files ?? []).map((file) => join(plan.root, file.path)))
    if (!kept.has(path) && !path.includes("/backup/"))
      files.push({ path, text: "", mode: 0, state: "removed", previous: read(path)?.toString() });
  const earlier = earlierTexts({ files });
  await assertAccountNamesFree(plan, earlier);
  // The units of a killed call have created folders and sockets too.
  const started = pending ? files.filter(({ path, state }) => isUnit(path) && state !== "removed") : [];
  const made = started.map(({ path }) => contentOf(path)?.toString() ?? "");
  for (const folder of await assertPathsFree(plan, [...earlier, ...made], manager, force))
    notes.push(`${folder} exists already, with data. The service gets it.`);
  if (manager) notes.push(...(await notesOnClosedSockets({ plan, files }, manager)));
  if (plan.user) notes.push(...notesOnLingering());
  const dropped = (manifest?.made ?? []).filter((path) => plan.made?.includes(path) !== true);
  return { plan, files, notes, force, dropped };
}

/**
 * A socket is closed and opened again if one of its addresses changes, and closed if its unit gets another
 * name.
 */
async function notesOnClosedSockets(
  prepared: Pick<PreparedInstall, "plan" | "files">,
  manager: ServiceManager,
): Promise<string[]> {
  const changed = newSockets(prepared);
  const dropped = removedUnits(prepared).filter((unit) => unit.endsWith(".socket"));
  const units = [...changed, ...dropped];
  const shown = await manager.show(units, ["Id", "ActiveState"]);
  const active = units.filter((_, index) => shown[index]!.ActiveState === "active");
  const closed = active.filter((unit) => changed.includes(unit));
  const replaced = active.filter((unit) => dropped.includes(unit));
  const replacing = changed.filter((unit) => !active.includes(unit));
  const notes: string[] = [];
  const replace = replacing.length === 1 ? "replaces" : "replace";
  if (replaced.length > 0 && replacing.length > 0)
    notes.push(
      `${replacing.join(", ")} ${replace} ${replaced.join(", ")}: systemd closes it before it opens the new socket. New connections are refused for that moment.`,
    );
  if (closed.length > 0)
    notes.push(
      `${closed.join(", ")}: systemd closes it and opens it again, with all its addresses. New connections are refused for that moment.`,
    );
  return notes;
}

function notesOnLingering(): string[] {
  const { USER = "" } = process.env;
  if (USER !== "" && existsSync(join("/var/lib/systemd/linger", USER))) return [];
  return [
    "Your service manager ends when you log out, and the service with it. To keep it: loginctl enable-linger",
  ];
}

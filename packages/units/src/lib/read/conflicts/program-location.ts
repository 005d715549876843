import { sourceText, type Text } from "../../systemd/specifiers.ts";
import { isObject } from "../fields/fields.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { isNode } from "../../node/runtime.ts";
import { boundFolders, homes, liesIn, type ProgramLocation } from "../../systemd/folders.ts";

/** The file of the preload, and the field that names it. */
interface NamedPreload {
  file: Text | undefined;
  field: string | undefined;
}

/** The home folders that BindReadOnlyPaths= makes visible although ProtectHome=tmpfs hides all others. */
export function foldersInEmptyHomes({ hardening, raw }: Record<string, unknown>): string[] {
  if (!isObject(hardening) || hardening["protectHome"] !== "tmpfs") return [];
  const service = isObject(raw) && isObject(raw["Service"]) ? raw["Service"] : {};
  const values = [service["BindReadOnlyPaths"], service["BindPaths"]].flat();
  return values.flatMap((value) => (typeof value === "string" ? boundFolders(value) : []));
}

/**
 * Reports files in a home directory with DynamicUser=, unless the description sets ProtectHome=. The units do
 * not show whether other users may enter the home directory.
 */
export function reportProgramInHome(
  { exec, workingDirectory, hardening }: ProgramLocation & { hardening?: unknown },
  preload: NamedPreload,
  problems: UnitProblem[],
): void {
  if (isObject(hardening) && hardening["protectHome"] !== undefined) return;
  const report = conflictsIn(problems);
  const words: unknown[] = Array.isArray(exec) ? exec : [];
  const places = [
    ...words.map((word, index) => [`exec[${index}]`, word]),
    ["workingDirectory", workingDirectory],
    ...(preload.field === undefined ? [] : [[preload.field, preload.file]]),
  ];
  for (const [path, place] of places as [string, unknown][]) {
    if (!liesIn(homes, place)) continue;
    const move =
      path === "exec[0]" && isNode([place])
        ? "install Node outside home directories, from your distribution or nodejs.org, and write its path, such as '/usr/bin/node'"
        : "move the app to /srv or /opt";
    report(
      path,
      `${shown(sourceText(place as Text))}: on most systems, other users can't enter home directories, and this service has a separate user`,
      liesIn(["/root"], place)
        ? move
        : `set user to the account that owns the home directory, or ${move}; if every user can read that folder, write hardening: { protectHome: 'read-only' }`,
    );
  }
}

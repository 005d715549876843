import { sourceText, type Text } from "../../systemd/specifiers.ts";
import { isObject } from "../fields/fields.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { isNode } from "../../node/runtime.ts";
import { boundFolders, homes, liesIn, liesInTemporary, type ProgramLocation } from "../../systemd/folders.ts";

/** The preload, if the description names its file, and the field that names it. */
interface NamedPreload {
  file: Text | undefined;
  field: string | undefined;
}

const placeOf = ({ file, field }: NamedPreload): [string, unknown][] =>
  field === undefined ? [] : [[field, file]];

/** The home folders that BindReadOnlyPaths= shows to the service although ProtectHome=tmpfs hides all others. */
export function foldersInEmptyHomes({ hardening, raw }: Record<string, unknown>): string[] {
  if (!isObject(hardening) || hardening["protectHome"] !== "tmpfs") return [];
  const service = isObject(raw) && isObject(raw["Service"]) ? raw["Service"] : {};
  const values = [service["BindReadOnlyPaths"], service["BindPaths"]].flat();
  return values.flatMap((value) => (typeof value === "string" ? boundFolders(value) : []));
}

/** Reports files in a home if the service's user exists only while it runs, unless the description says how much of homes the service sees. */
export function refuseProgramInHome(
  { exec, workingDirectory, hardening }: ProgramLocation & { hardening?: unknown },
  preload: NamedPreload,
  problems: UnitProblem[],
): void {
  if (isObject(hardening) && hardening["protectHome"] !== undefined) return;
  const refuse = conflictsIn(problems);
  const words: unknown[] = Array.isArray(exec) ? exec : [];
  const places = [
    ...words.map((word, index) => [`exec[${index}]`, word]),
    ["workingDirectory", workingDirectory],
    ...placeOf(preload),
  ];
  for (const [path, place] of places as [string, unknown][]) {
    if (!liesIn(homes, place)) continue;
    const move =
      path === "exec[0]" && isNode([place])
        ? "install Node outside of homes, from your distribution or nodejs.org, and write its path, such as '/usr/bin/node'"
        : "move the app to /srv or /opt";
    refuse(
      path,
      `${shown(sourceText(place as Text))}: most systems close homes to other users, and this service has a separate user`,
      liesIn(["/root"], place)
        ? move
        : `set user to the account that owns the home, or ${move}; if every user can read that folder, write hardening: { protectHome: 'read-only' }`,
    );
  }
}

/** Reports a program or folder that the service cannot see, because it has its own temporary folders. */
export function refuseProgramInTemporaryFolder(
  { exec, workingDirectory }: ProgramLocation,
  preload: NamedPreload,
  problems: UnitProblem[],
): void {
  const refuse = conflictsIn(problems);
  const program: unknown = Array.isArray(exec) ? exec[0] : undefined;
  const places = [["exec[0]", program], ["workingDirectory", workingDirectory], ...placeOf(preload)];
  for (const [path, place] of places as [string, unknown][]) {
    if (!liesInTemporary(place)) continue;
    refuse(
      path,
      `${shown(sourceText(place as Text))}: the service has its own temporary folders, and would not find it`,
      "move it to another folder, such as /srv or /opt; or set a user and hardening: 'none'",
    );
  }
}

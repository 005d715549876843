import type { Asked } from "../read/fields.ts";
import { folderDirectives, type FolderField } from "../read/folders.ts";
import { setsVariable } from "../read/program.ts";
import { isSpecifier, type Text } from "../specifier.ts";
import { item, raw } from "../write/escape.ts";
import { added, asked, askedOr, type Line } from "../write/unit-text.ts";

/** systemd 250 began to read `:` in StateDirectory= as a separator; a backslash is none of a folder's name either. */
export const folderName = (unit: string): string => unit.replace(/[:\\]/g, "_");

/** What the folders depend on. */
interface Owner {
  description: Record<string, unknown>;
  name: string;
  /** What comes after the name of its folder, if each instance has its own. */
  folder: string;
  dynamicUser: boolean;
  /** Whether it gets a state folder that it did not ask for. */
  keepsState: boolean;
}

/** The folders of a service's own, and for a user who has no home one in the first that stays. */
export function folderLines(values: Asked<FolderField>, owner: Owner): Line[] {
  const { description, dynamicUser } = owner;
  const { stateDirectory } = description;
  const own: Text | undefined =
    owner.keepsState && stateDirectory === undefined
      ? { specifier: folderName(owner.name) + owner.folder }
      : undefined;
  const [home = own]: unknown[] = [stateDirectory].flat();
  return [
    ...(own === undefined ? [] : [added("StateDirectory", raw(own))]),
    ...(Object.keys(folderDirectives) as FolderField[]).flatMap((field) =>
      field === "runtimeDirectoryPreserve" && values.runtimeDirectory.length > 0
        ? askedOr("RuntimeDirectoryPreserve", values[field], "yes")
        : asked(folderDirectives[field].key, values[field]),
    ),
    ...(dynamicUser && !setsVariable(description, "HOME") && (typeof home === "string" || isSpecifier(home))
      ? [added("Environment", item({ specifier: `HOME=%S/${raw(home)}` }))]
      : []),
  ];
}

import { listItem, unquotedValue } from "../../systemd/escaping.ts";
import { isSpecifier, sampleText, sourceText, type Text } from "../../systemd/specifiers.ts";
import type { Asked, Directive } from "./fields.ts";
import { refusing, shown, type Refusal } from "../../problems.ts";
import { oneOf, oneOrMore, report, textOf, type Read } from "../values/readers.ts";
import { mode } from "../values/numbers.ts";
import { added, asked, askedOr, type Line } from "../../write/lines.ts";
import { setsVariable } from "./environment.ts";

const refused = refusing("SOCKACT_ERR_UNIT_PATH");

/**
 * RuntimeDirectory= in systemd.exec(5). In systemd 250 and later, `:` is a separator. Backslashes and quotes
 * are not literal in this list.
 */
function refusedFolder(path: string): Refusal | undefined {
  if (path === "") return refused("it is empty", "write a name");
  if (path.startsWith("/"))
    return refused("not a relative path", "it is a folder in that of systemd: shop is /var/lib/shop");
  if (path.split("/").some((part) => ["", ".", ".."].includes(part)))
    return refused("it contains an empty part, . or ..", "write a path such as shop or shop/files");
  if (/^private(?:\/|$)/.test(path))
    return refused("systemd reserves the name private", "choose another name");
  return /[:\\"'\p{Control}]/u.test(path)
    ? refused("it contains a colon, a quote, a backslash or a control character", "choose another name")
    : undefined;
}

const folder: Read = (value, path, problems) => {
  const text = textOf(value, path, problems);
  if (text === undefined) return [];
  const refusal = refusedFolder(sampleText(text));
  return refusal === undefined
    ? [listItem(text)]
    : report(refusal.code, path, problems, `${shown(sourceText(text))}: ${refusal.message}`, refusal.hint);
};

const folders = oneOrMore(folder);

type Kind = "state" | "cache" | "logs" | "runtime" | "configuration";

/** The fields for folders in AppDescription. */
export type FolderField = `${Kind}Directory` | `${Kind}DirectoryMode` | "runtimeDirectoryPreserve";

/** The folders that systemd creates for the service, in the order of the unit file. */
export const folderDirectives: Record<FolderField, Directive> = {
  stateDirectory: {
    key: "StateDirectory",
    read: (value, path, problems) => (value === false ? [] : folders(value, path, problems)),
  },
  stateDirectoryMode: { key: "StateDirectoryMode", read: mode },
  cacheDirectory: { key: "CacheDirectory", read: folders },
  cacheDirectoryMode: { key: "CacheDirectoryMode", read: mode },
  logsDirectory: { key: "LogsDirectory", read: folders },
  logsDirectoryMode: { key: "LogsDirectoryMode", read: mode },
  runtimeDirectory: { key: "RuntimeDirectory", read: folders },
  runtimeDirectoryMode: { key: "RuntimeDirectoryMode", read: mode },
  runtimeDirectoryPreserve: { key: "RuntimeDirectoryPreserve", read: oneOf(["no", "yes", "restart"]) },
  configurationDirectory: { key: "ConfigurationDirectory", read: folders },
  configurationDirectoryMode: { key: "ConfigurationDirectoryMode", read: mode },
};

/**
 * In systemd 250 and later, `:` in StateDirectory= is a separator. Folder names can't contain a backslash
 * either.
 */
export const folderName = (unit: string): string => unit.replace(/[:\\]/g, "_");

/** The facts that the folders depend on. */
interface Owner {
  description: Record<string, unknown>;
  name: string;
  /** The rest of the folder name, if each instance has its own. */
  folder: string;
  dynamicUser: boolean;
  /** Whether the service has a default state folder. */
  keepsState: boolean;
}

/** The folders of the service. For a user without a home directory, HOME is the first persistent folder. */
export function folderLines(values: Asked<FolderField>, owner: Owner): Line[] {
  const { description, dynamicUser } = owner;
  const { stateDirectory } = description;
  const own: Text | undefined =
    owner.keepsState && stateDirectory === undefined
      ? { specifier: folderName(owner.name) + owner.folder }
      : undefined;
  const [home = own]: unknown[] = [stateDirectory].flat();
  return [
    ...(own === undefined ? [] : [added("StateDirectory", unquotedValue(own))]),
    ...(Object.keys(folderDirectives) as FolderField[]).flatMap((field) =>
      field === "runtimeDirectoryPreserve" && values.runtimeDirectory.length > 0
        ? askedOr("RuntimeDirectoryPreserve", values[field], field, "yes")
        : asked(folderDirectives[field].key, values[field], field),
    ),
    ...(dynamicUser && !setsVariable(description, "HOME") && (typeof home === "string" || isSpecifier(home))
      ? [added("Environment", listItem({ specifier: `HOME=%S/${unquotedValue(home)}` }))]
      : []),
  ];
}

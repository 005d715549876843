import { item } from "../../systemd/escaping.ts";
import { said, sample } from "../../systemd/specifiers.ts";
import type { Directive } from "./fields.ts";
import { refusing, shown, type Refusal } from "../../problems.ts";
import { mode, oneOf, oneOrMore, refuse, textOf, type Read } from "../values/readers.ts";

const refused = refusing("ERR_UNIT_PATH");

/** systemd.exec(5) RuntimeDirectory=. From systemd 250 on `:` separates, and in this list a backslash or a quote is not itself. */
function refusedFolder(path: string): Refusal | undefined {
  if (path === "") return refused("it is empty", "write a name");
  if (path.startsWith("/"))
    return refused("not a relative path", "it is a folder in that of systemd: shop is /var/lib/shop");
  if (path.split("/").some((part) => ["", ".", ".."].includes(part)))
    return refused("an empty part, . or .. is in it", "write a path such as shop or shop/files");
  if (/^private(?:\/|$)/.test(path))
    return refused("systemd keeps private for itself", "choose another name");
  return /[:\\"'\p{Control}]/u.test(path)
    ? refused("a colon, a quote, a backslash or a control character is in it", "choose another name")
    : undefined;
}

const folder: Read = (value, path, problems) => {
  const text = textOf(value, path, problems);
  if (text === undefined) return [];
  const refusal = refusedFolder(sample(text));
  return refusal === undefined
    ? [item(text)]
    : refuse(refusal.code, path, problems, `${shown(said(text))}: ${refusal.message}`, refusal.hint);
};

const folders = oneOrMore(folder);

type Kind = "state" | "cache" | "logs" | "runtime" | "configuration";

/** Those of AppDescription. */
export type FolderField = `${Kind}Directory` | `${Kind}DirectoryMode` | "runtimeDirectoryPreserve";

/** Folders of the service's own that systemd makes; in the order of the unit file. */
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

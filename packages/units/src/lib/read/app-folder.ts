import { isSpecifier } from "../specifier.ts";
import { raw } from "../write/escape.ts";
import { nodeCommand } from "./node-command.ts";
import { directory } from "./readers.ts";

/** Folders of an app in which its scripts are, and nothing that the app looks for by a relative path. */
const ofScripts = ["bin", "build", "dist", "lib", "out", "src"];

/**
 * The folder of the app that a command line of Node runs, as WorkingDirectory= has it. It is the script's own folder, or the one above if that
 * is one such as `dist`. For a script of a package, it is the folder that holds `node_modules`.
 *
 * Returns `undefined` where Node runs no file, where its path is relative or is not known before systemd expands it, and for a package that
 * is installed for the whole machine.
 */
export function appFolder(exec: readonly unknown[]): string | undefined {
  const words = exec.map((word) => (typeof word === "string" || isSpecifier(word) ? raw(word) : ""));
  const { script } = nodeCommand(words[0]!.endsWith("/env") ? words.slice(1) : words);
  const parts = script?.split("/") ?? [];
  const file = parts.pop();
  if (file === undefined || /%(?!%)/.test(file.replaceAll("%%", ""))) return undefined;
  const packages = parts.indexOf("node_modules");
  if (packages >= 0) {
    parts.splice(packages);
    if (parts.at(-1) === "lib") return undefined;
  } else while (ofScripts.includes(parts.at(-1)!)) parts.pop();
  // What WorkingDirectory= cannot say is refused there, and not written.
  return directory({ specifier: parts.join("/") }, "", [])[0];
}

import { isSpecifier } from "../../systemd/specifiers.ts";
import { unquotedValue } from "../../systemd/escaping.ts";
import { behindEnv, nodeCommand } from "../../node/command-line.ts";
import { directory } from "../values/paths.ts";

/** Folders of an app in which its scripts are, and nothing that the app looks for by a relative path. */
const ofScripts = ["bin", "build", "dist", "lib", "out", "src"];

/** Folders in a folder in which Nuxt, Remix and Next.js put their servers. */
const ofServers = [".output/server", "build/server", "dist/server", ".next/standalone"];

/** Folders that are shared by all that is installed. */
const shared = ["", "/usr", "/usr/local", "/opt"];

/** The parts of an absolute path, less `.`, `..` and doubled slashes. */
function partsOf(path: string): string[] {
  return path.split("/").reduce<string[]>((parts, part) => {
    if (part === "..") return parts.length > 1 ? parts.slice(0, -1) : parts;
    return parts.length > 0 && (part === "" || part === ".") ? parts : [...parts, part];
  }, []);
}

/**
 * The folder of the app that a command line of Node runs, as WorkingDirectory= has it. It is the script's own folder, or the one above if that
 * is one such as `dist`. For a script of a package, it is the folder that holds `node_modules`.
 *
 * Returns `undefined` where Node runs no file, where its path is relative or is not known before systemd expands it, and for a package that
 * is installed for the whole machine, or a script in a folder such as /usr/local/bin.
 */
export function appFolder(exec: readonly unknown[]): string | undefined {
  const words = exec.map((word) =>
    typeof word === "string" || isSpecifier(word) ? unquotedValue(word) : "",
  );
  const { script } = nodeCommand(behindEnv(words));
  if (script === undefined || !script.startsWith("/")) return undefined;
  const parts = partsOf(script);
  const file = parts.pop()!;
  if (/%(?!%)/.test(file.replaceAll("%%", ""))) return undefined;
  const packages = parts.indexOf("node_modules");
  if (packages >= 0) {
    parts.splice(packages);
    if (parts.at(-1) === "lib") return undefined;
  } else {
    if (ofServers.includes(parts.slice(-2).join("/"))) parts.splice(-2);
    while (ofScripts.includes(parts.at(-1)!)) parts.pop();
  }
  const folder = parts.join("/");
  if (shared.includes(folder)) return undefined;
  // What WorkingDirectory= cannot say is refused there, and not written.
  return directory({ specifier: folder }, "", [])[0];
}

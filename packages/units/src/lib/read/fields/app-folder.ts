import { isSpecifier } from "../../systemd/specifiers.ts";
import { unquotedValue } from "../../systemd/escaping.ts";
import { behindEnv, nodeCommand } from "../../node/command-line.ts";
import { directory } from "../values/paths.ts";

/** Folders for scripts, but not for files that the app opens by a relative path. */
const ofScripts = ["bin", "build", "dist", "lib", "out", "src"];

/** Folders of the servers that Nuxt, Remix and Next.js build. */
const ofServers = [".output/server", "build/server", "dist/server", ".next/standalone"];

/** Folders that all installed programs share. */
const shared = ["", "/usr", "/usr/local", "/opt"];

/** The parts of an absolute path, without `.`, `..` and double slashes. */
function partsOf(path: string): string[] {
  return path.split("/").reduce<string[]>((parts, part) => {
    if (part === "..") return parts.length > 1 ? parts.slice(0, -1) : parts;
    return parts.length > 0 && (part === "" || part === ".") ? parts : [...parts, part];
  }, []);
}

/**
 * Returns the app's folder for WorkingDirectory=, from a Node command line: the folder of the script, or its
 * parent if that is a folder such as `dist`. For a script of a package, it is the folder that contains
 * `node_modules`.
 *
 * Returns `undefined` if Node runs no file, if the path is relative or contains a specifier, for a globally
 * installed package, and for a script in a folder such as /usr/local/bin.
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
  // Without a folder that WorkingDirectory= can express, nothing is the default.
  return directory({ specifier: folder }, "", [])[0];
}

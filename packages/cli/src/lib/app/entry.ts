import { join, relative } from "node:path";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { calledCommand } from "../shared/own-command.ts";
import { readTextFile } from "../shared/read-file.ts";
import { isVersionAtLeast, type FoundNode } from "./find-node.ts";
import type { Manifest } from "./manifest.ts";
import { isFile, resolveLocal } from "./source-files.ts";

/** Entries to try if package.json does not name one: the outputs of frameworks, then common names. */
const usualEntries =
  `.output/server/index.mjs .next/standalone/server.js bin/www dist/main.js dist/server/entry.mjs
  bin/server.js build/index.js server.js server.mjs server.cjs server.ts index.js index.mjs index.cjs app.js app.mjs main.js main.mjs
  src/server.js src/index.js src/main.js src/app.js src/server.mjs src/index.mjs
  dist/server.js dist/index.js dist/app.js build/server.js build/main.js
  index.ts app.ts main.ts src/server.ts src/index.ts src/main.ts src/app.ts`.split(/\s+/);

/** Finds the entry of a package whose start script does not lead to one. */
export function usualEntry(folder: string, { main }: Manifest): string | undefined {
  const ofMain = main === undefined ? undefined : resolveLocal(folder, `./${main}`);
  return ofMain ?? usualEntries.map((name) => join(folder, name)).find((path) => isFile(path));
}

/** How to run a TypeScript file. */
export interface Runnable {
  entry: string;
  nodeArguments: string[];
  notes: string[];
}

/** Whether a file is TypeScript. */
export const isTypeScript = (path: string): boolean => /\.[mc]?tsx?$/.test(path);

/** Whether Node strips types by itself. */
export const stripsTypes = ({ version }: FoundNode): boolean =>
  isVersionAtLeast(version, 22, 18) && !/^23\.[0-5]\./.test(version ?? "");

/**
 * What Node runs for an entry: the entry itself, or the file built from TypeScript. Without such a file, Node
 * 22.18 and later strip types, and older versions need tsx. Throws a `CliError` with `SOCKACT_ERR_APP_BUILD`
 * if nothing can run it and it is not bundled.
 */
export function runnable(
  folder: string,
  entry: string,
  node: FoundNode,
  { needsBuild, isBundled }: { needsBuild: boolean; isBundled: boolean },
): Runnable {
  if (!isTypeScript(entry)) return { entry, nodeArguments: [], notes: [] };
  const name = relative(folder, entry);
  const built = builtFile(folder, name);
  if (built !== undefined)
    return {
      entry: built,
      nodeArguments: [],
      notes: [
        `${relative(folder, built)} runs, which was built from ${name}: build again before each deployment.`,
      ],
    };
  if (!needsBuild && stripsTypes(node) && !entry.endsWith("x"))
    return { entry, nodeArguments: [], notes: [`Node runs ${name} itself, and leaves its types out.`] };
  if (isFile(join(folder, "node_modules/tsx/package.json")))
    return {
      entry,
      nodeArguments: ["--import", "tsx"],
      notes: [
        `Node ${node.version ?? ""} can't run ${name} itself, so tsx compiles it at each start. A built file starts faster.`,
      ],
    };
  if (isBundled)
    return {
      entry,
      nodeArguments: [],
      notes: [`Node ${node.version ?? ""} can't run ${name} itself. It runs the bundle.`],
    };
  throw new CliError(
    "SOCKACT_ERR_APP_BUILD",
    `${name} is TypeScript, and nothing built from it was found`,
    `Build it first, for example: npx tsc. Then name the built file: ${calledCommand("dist/server.js")}`,
    { exitCode: EXIT.failed },
  );
}

/** The file built from a source, in the usual output folders. */
function builtFile(folder: string, source: string): string | undefined {
  const { outDir, rootDir } = compilerOptions(folder);
  const outFolders = [...(outDir === undefined ? [] : [outDir]), "dist", "build", "lib", "out"];
  const inside = [
    ...(rootDir === undefined ? [] : [relative(rootDir, source)]),
    source.replace(/^src\//, ""),
    source,
  ];
  const names = inside
    .filter((path) => !path.startsWith(".."))
    .map((path) => path.replace(/\.([mc]?)tsx?$/, ".$1js"));
  // Bundlers use the suffix .mjs for an ES module where tsc uses .js.
  const all = names.flatMap((path) => [path, path.replace(/\.js$/, ".mjs"), path.replace(/\.js$/, ".cjs")]);
  return outFolders.flatMap((out) => all.map((path) => join(folder, out, path))).find((path) => isFile(path));
}

/** The options of a tsconfig.json, which may have comments. `extends` is not followed. */
export function compilerOptions(folder: string): {
  outDir: string | undefined;
  rootDir: string | undefined;
  /** Whether it lists the files to compile. */
  hasFiles: boolean;
} {
  const file = join(folder, "tsconfig.json");
  const text = isFile(file) ? readTextFile(file).replaceAll(/^[ \t]*\/\/.*$/gm, "") : "";
  const value = (key: string): string | undefined => new RegExp(`"${key}"\\s*:\\s*"([^"]+)"`).exec(text)?.[1];
  return {
    outDir: value("outDir"),
    rootDir: value("rootDir"),
    hasFiles: /"(?:include|files)"\s*:/.test(text),
  };
}

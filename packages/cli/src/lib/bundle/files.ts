import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { BuiltBundle } from "./build.ts";

/** The file that Node loads before the app. The unit and a handover use this fixed name. */
export const LOADER = "bundle.cjs";

/**
 * The files of a bundle by name: the code, and the loader that runs it instead of the entry. Each build has
 * its own code file, so running processes and a restored version keep theirs.
 */
export function bundleFiles(entry: string, { code, extension }: BuiltBundle): Record<string, string> {
  const text = extension === ".cjs" ? `${asEntry(entry)}\n${code}\n` : `${code}\n`;
  const name = `bundle-${createHash("sha256").update(text).digest("hex").slice(0, 16)}${extension}`;
  // The loader is last, so the code exists when the loader does.
  return { [name]: text, [LOADER]: loader(entry, name) };
}

/**
 * The {@link LOADER} of an app without a bundle.
 *
 * @param preloads the modules that Node would load before the app, such as `tsx`
 */
export function emptyLoader(entry: string, preloads: readonly string[]): string {
  const head = `"use strict";\n// Written by sockact: the app is not bundled.\n`;
  if (preloads.length === 0) return head;
  return `${head}const { createRequire, Module } = require("node:module");
const { pathToFileURL } = require("node:url");
const { isMainThread } = require("node:worker_threads");
const { resolve } = createRequire(${JSON.stringify(entry)});
if (isMainThread && process.argv[1] !== undefined) {
  const run = Module.runMain;
  Module.runMain = async () => {
    Module.runMain = run;
    for (const name of ${JSON.stringify(preloads)}) await import(pathToFileURL(resolve(name)).href);
    return run();
  };
}
`;
}

/**
 * Node calls `Module.runMain()` for the file in its arguments, and allows replacing it. `process.argv`, the
 * working directory and the command line of child processes stay the same. Any other file, such as that of
 * another release behind the same link, runs unchanged.
 */
function loader(entry: string, name: string): string {
  return `"use strict";
// Written by sockact: ${JSON.stringify(entry)} runs from ${name}.
const { realpathSync } = require("node:fs");
const { Module } = require("node:module");
const { isMainThread } = require("node:worker_threads");
const [, script] = process.argv;
const isEntry = () => {
  try {
    return realpathSync(script) === ${JSON.stringify(entry)};
  } catch {
    return false;
  }
};
if (isMainThread && script !== undefined && isEntry()) {
  const run = Module.runMain;
  Module.runMain = () => {
    Module.runMain = run;
    return run(\`\${__dirname}/${name}\`);
  };
}
`;
}

/** Makes `require.main` the entry, with its packages. */
function asEntry(entry: string): string {
  const [path, folder] = [entry, dirname(entry)].map((one) => JSON.stringify(one));
  return `module.filename = ${path}; module.path = ${folder}; module.paths = require("node:module").createRequire(${path}).resolve.paths("a");`;
}

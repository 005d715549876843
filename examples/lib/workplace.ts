// The environment for the commands of a README: a copy of the example, and the programs on a reader's PATH.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import type { PackedPackages } from "@sockact/testkit";
import { examples } from "./readme.ts";

/** Copies the files of an example that are in git. */
export function copyExample(name: string, target: string): void {
  const generated = ["node_modules", "dist"];
  cpSync(join(examples, name), target, {
    recursive: true,
    filter: (path) => !generated.includes(basename(path)),
  });
}

/** Collects the packages that `npm install` will put into the `node_modules` of an example. */
export function gatherPackages(name: string, packed: PackedPackages, target: string): void {
  const manifest = JSON.parse(readFileSync(join(examples, name, "package.json"), "utf8"));
  packed.install(target, Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
}

/**
 * Writes replacements for programs that do not work in a test: npm, because no registry can be reached, and sudo, because the user is already root.
 *
 * @param folder where the programs are written
 * @param gathered the folder from which `npm install` copies, on the same file system
 */
export function writePrograms(folder: string, gathered: string): void {
  const npm = join(process.execPath, "../npm");
  const programs = {
    sudo: 'case $1 in -u) exec runuser "$@";; *) exec "$@";; esac',
    npm: `case $1 in install|ci) exec cp -al ${gathered}/node_modules .;; *) exec ${npm} "$@";; esac`,
  };
  mkdirSync(folder, { recursive: true });
  for (const [program, script] of Object.entries(programs))
    writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

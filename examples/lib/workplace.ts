// The environment for the commands of a README: a copy of the example, and the programs on a reader's PATH.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { npmProgram, type PackedPackages } from "@sockact/testkit";
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

/** Prints the command of a script in package.json, with the one that npm runs before it. */
const commandOf = `const { scripts } = JSON.parse(fs.readFileSync("package.json", "utf8"));
  [scripts["pre" + process.argv[1]], scripts[process.argv[1]]].filter(Boolean).join(" && ")`;

/** Replacements for npm and npx. Each start of npm takes about half a second of the processor, before it does the same. */
const quickPrograms = {
  npx: `[ -x "node_modules/.bin/$1" ] || exec node ${npmProgram("npx")} "$@"
program=$1; shift; npm_command=exec exec "./node_modules/.bin/$program" "$@"`,
  run: `command=$(node -p '${commandOf}' "$1") && [ "$command" ] || exit 1
shift; [ "\${1-}" != -- ] || shift
PATH=$PWD/node_modules/.bin:$PATH exec sh -c "$command "'"$@"' sh "$@"`,
};

/**
 * Writes replacements for programs that do not work in a test: `npm install`, because no registry can be reached, and sudo, because the user is already root.
 * Other commands of npm are replaced too, because they take long, unless the example is to be tested with npm itself.
 *
 * @param folder where the programs are written
 * @param gathered the folder from which `npm install` copies, on the same file system
 */
export function writePrograms(folder: string, gathered: string, withNpm: boolean): void {
  const { npx, run } = quickPrograms;
  const install = `install|ci) exec cp -al ${gathered}/node_modules .;;`;
  const scripts = withNpm ? "" : `start) ;; run) shift;;`;
  const programs = {
    sudo: 'case $1 in -u) exec runuser "$@";; *) exec "$@";; esac',
    npm: `case $1 in ${install} ${scripts} *) exec node ${npmProgram("npm")} "$@";; esac\n${run}`,
    npx: withNpm ? `exec node ${npmProgram("npx")} "$@"` : npx,
  };
  mkdirSync(folder, { recursive: true });
  for (const [program, script] of Object.entries(programs))
    writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

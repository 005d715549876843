// Packages as npm publishes them, in the folders of apps: the result of `npm install`, without a registry.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { publicPackages, root as repository } from "../../../scripts/lib/packages.ts";

const execute = promisify(execFile);

/** The environment variable with the folder of the packages, which all test files of a run share. */
export const FOLDER_OF_RUN = "TEST_RUN_FOLDER";

/** The packages of this repository, unpacked from `npm pack`. */
export class PackedPackages {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /**
   * Packs all published packages once for all test files of a run, which removes them at its end. `dist` is
   * packed as it is, not built.
   */
  static async packForRun(): Promise<PackedPackages> {
    const folder = process.env[FOLDER_OF_RUN];
    if (folder === undefined) throw new Error("Only a run with whole-run.ts has a folder for packages.");
    const shared = join(folder, "packed");
    if (!existsSync(shared)) {
      const own = mkdtempSync(join(folder, "packing-"));
      await pack(own);
      try {
        renameSync(own, shared);
      } catch (error) {
        // Another worker packed them at the same time.
        if (!existsSync(shared)) throw error;
      }
    }
    return new PackedPackages(shared);
  }

  /** Packs all published packages into an empty folder, for a program that is not a test. */
  static async packInto(folder: string): Promise<PackedPackages> {
    await pack(folder);
    return new PackedPackages(folder);
  }

  /**
   * Copies packages with all their dependencies to the `node_modules` of a folder, and links their programs.
   */
  install(folder: string, names: readonly string[]): void {
    const modules = join(folder, "node_modules");
    const copies = new Map<string, string>();
    for (const name of names) this.#plan(name, join(repository, "package.json"), modules, copies);
    copyFolders(copies);
    for (const name of names) linkPrograms(join(modules, name), join(modules, ".bin"));
  }

  /** Adds a package and all its dependencies to the map of copies, whose keys are their targets. */
  #plan(name: string, from: string, modules: string, copies: Map<string, string>): void {
    const packed = join(this.#root, name);
    const found = existsSync(packed) ? packed : sourceOf(name, from);
    if (found === undefined) return;
    const target = join(modules, name);
    if (copies.has(target) || existsSync(target)) return;
    copies.set(target, found);
    const { dependencies, optionalDependencies } = manifestOf(found);
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const source = sourceOf(dependency, join(found, "package.json"));
      const present = copies.get(join(modules, dependency)) ?? join(modules, dependency);
      const isOther =
        source !== undefined &&
        existsSync(present) &&
        manifestOf(source).version !== manifestOf(present).version;
      const place = isOther ? join(target, "node_modules") : modules;
      this.#plan(dependency, join(found, "package.json"), place, copies);
    }
  }
}

async function pack(folder: string): Promise<void> {
  const workspaces = publicPackages().map(({ name }) => `--workspace=${name}`);
  const options = ["--json", "--ignore-scripts", `--pack-destination=${folder}`, ...workspaces];
  const { stdout } = await execute("npm", ["pack", ...options], { cwd: repository });
  for (const { name, filename } of JSON.parse(stdout) as { name: string; filename: string }[]) {
    mkdirSync(join(folder, name), { recursive: true });
    await execute("tar", ["-xzf", filename, "--strip-components=1", "-C", name], { cwd: folder });
  }
}

interface Manifest {
  name: string;
  version?: string;
  bin?: string | Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/**
 * Copies folders to their targets, without their `node_modules`. The plan lists these packages separately, as
 * Node resolves them.
 */
function copyFolders(copies: ReadonlyMap<string, string>): void {
  // One shell is much faster than cpSync() or one process for each folder.
  const script = `while [ $# -gt 0 ]; do
    [ -d "\${2%/*}" ] || mkdir -p "\${2%/*}"
    cp -RLT "$1" "$2"
    [ ! -d "$1/node_modules" ] || rm -r "$2/node_modules"
    shift 2
  done`;
  const pairs = Array.from(copies, ([target, source]) => [source, target]).flat();
  execFileSync("sh", ["-ec", script, "sh", ...pairs]);
}

/** Links the programs of a package, as npm does for npx and scripts. */
function linkPrograms(folder: string, bin: string): void {
  const { name, bin: programs = {} } = manifestOf(folder);
  const files = typeof programs === "string" ? { [name]: programs } : programs;
  for (const [program, file] of Object.entries(files)) {
    mkdirSync(bin, { recursive: true });
    const link = join(bin, program);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(folder, file)), link);
  }
}

/**
 * The folder in which Node finds a package; `undefined` if it is not installed, as an optional one may be.
 */
function sourceOf(name: string, from: string): string | undefined {
  const folders = createRequire(from).resolve.paths(name) ?? [];
  // Packed packages have no node_modules. The repository has the same dependencies.
  return [...folders, join(repository, "packages/cli/node_modules"), join(repository, "node_modules")]
    .map((folder) => join(folder, name))
    .find((folder) => existsSync(join(folder, "package.json")));
}

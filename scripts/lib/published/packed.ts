import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import process from "node:process";
import type { Manifest, Package } from "../packages.ts";

/** What `npm publish` would upload. */
export interface PackedPackage {
  /** The bytes of the archive. */
  readonly packed: number;
  /** The bytes of its files. */
  readonly unpacked: number;
  readonly files: readonly string[];
}

/** The packages that an `npm install` of a package adds, without its peers. */
export interface InstalledPackages {
  /** The names of the package and of all that it depends on. */
  readonly names: readonly string[];
  readonly bytes: number;
  readonly files: number;
}

/** The files that npm would publish, by the name of the package. Writes no file. */
export function pack(packages: readonly Package[]): Map<string, PackedPackage> {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", ...packages.map(({ path }) => path)];
  const stdout = execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const packed = JSON.parse(stdout) as {
    name: string;
    size: number;
    unpackedSize: number;
    files: { path: string }[];
  }[];
  return new Map(
    packed.map(({ name, size, unpackedSize, files }) => [
      name,
      { packed: size, unpacked: unpackedSize, files: files.map(({ path }) => path) },
    ]),
  );
}

/** Follows the dependencies of a package: this repository's as packed, and others as in node_modules. */
export function installed(
  name: string,
  packages: readonly Package[],
  packed: ReadonlyMap<string, PackedPackage>,
): InstalledPackages {
  const found = new Map<string, { bytes: number; files: number }>();
  const add = (dependency: string, dependent: string): void => {
    if (found.has(dependency)) return;
    const ours = packages.find((each) => each.name === dependency);
    const files = packed.get(dependency);
    if (ours !== undefined && files !== undefined) {
      found.set(dependency, { bytes: files.unpacked, files: files.files.length });
      addDependencies(ours.path, ours.manifest);
    } else {
      const path = folderOf(dependency, dependent);
      found.set(dependency, sizeOf(path));
      addDependencies(path, JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest);
    }
  };
  const addDependencies = (path: string, { dependencies = {} }: Manifest): void => {
    for (const dependency of Object.keys(dependencies)) add(dependency, path);
  };
  add(name, ".");
  const sum = (of: "bytes" | "files"): number =>
    [...found.values()].reduce((total, each) => total + each[of], 0);
  return { names: [...found.keys()].toSorted(), bytes: sum("bytes"), files: sum("files") };
}

/**
 * The bytes of the files of these packages that Node loads for `require()` of one of them. Without options
 * and variables, an app loads nothing more of them when it listens: packages/core/test/cold-start.test.ts.
 */
export function loadedBy({ path, manifest }: Package, packages: readonly Package[]): number {
  if (manifest.main === undefined) return 0;
  const program = `require(${JSON.stringify(join(path, manifest.main))}); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const files = JSON.parse(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" })) as string[];
  return files
    .filter((file) => packages.some((each) => file.startsWith(`${each.path}${sep}`)))
    .reduce((sum, file) => sum + statSync(file).size, 0);
}

/** The folder in which Node finds a dependency of a package. */
function folderOf(name: string, dependent: string): string {
  // With the slash, `buffer` is the package and not the module of Node.
  const folders = createRequire(join(dependent, "_")).resolve.paths(`${name}/`) ?? [];
  const found = folders
    .map((folder) => join(folder, name))
    .find((path) => statSync(path, { throwIfNoEntry: false }));
  if (found === undefined)
    throw new Error(`${name}, on which ${dependent} depends, is not installed. Run npm install.`);
  return found;
}

function sizeOf(path: string): { bytes: number; files: number } {
  const sizes = readdirSync(path, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter(
      (entry) => entry.isFile() && !entry.parentPath.slice(path.length).split(sep).includes("node_modules"),
    )
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: sizes.length };
}

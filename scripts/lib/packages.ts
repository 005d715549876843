import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { getPackagesSync } from "@manypkg/get-packages";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The fields of a package.json that our own checks read. */
export interface Manifest extends Record<string, unknown> {
  name?: string;
  version?: string;
  private?: boolean;
  description?: string;
  keywords?: string[];
  homepage?: string;
  bugs?: string;
  license?: string;
  author?: string;
  repository?: { type?: string; url?: string; directory?: string };
  files?: string[];
  main?: string;
  type?: string;
  sideEffects?: boolean;
  exports?: Record<string, string | Record<string, unknown>>;
  publishConfig?: Record<string, unknown>;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  bundleDependencies?: string[];
  engines?: { node?: string };
}

export interface Package {
  readonly name: string;
  /** Its folder in the repository, such as `packages/core`. */
  readonly folder: string;
  /** The whole path of that folder. */
  readonly path: string;
  readonly manifest: Manifest;
}

/**
 * The scripts that npm runs on a user's machine when it installs a package from npm, or from git (`prepare`).
 */
export const INSTALL_SCRIPTS: readonly string[] = [
  "preinstall",
  "install",
  "postinstall",
  "preprepare",
  "prepare",
  "postprepare",
  "dependencies",
];

/**
 * The package.json of the repository. Only its `repository` defines where the repository is; a test compares
 * all others with it.
 */
export const rootManifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** The address of the repository for a browser. */
export const webAddress = rootManifest.repository?.url?.replace(/^git\+|\.git$/g, "") ?? "";

/** Every package of a checkout except the repository itself, in the order of the folders. */
export function packages(repository = root): Package[] {
  const { root: top, packages: found } = getPackagesSync(repository);
  return found.map(({ dir: path, packageJson }) => ({
    name: packageJson.name,
    folder: relative(top.dir, path),
    path,
    manifest: packageJson as object as Manifest,
  }));
}

/** The packages on npm: all that are not private. */
export function publicPackages(repository = root): Package[] {
  return packages(repository).filter(({ manifest }) => manifest.private !== true);
}

/** The versions of the packages on npm, by their names. */
export function versionsOf(repository: string): Record<string, string | undefined> {
  return Object.fromEntries(publicPackages(repository).map(({ name, manifest }) => [name, manifest.version]));
}

/**
 * The packages whose code the build includes in another one: it imports them, and npm does not install them
 * with it. The same applies to a package that it contains.
 */
export function bundledNames({ path, manifest }: Package, among: readonly Package[]): string[] {
  const sources = readdirSync(join(path, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(path, "src", file), "utf8"))
    .join("");
  const bundled = among.filter(
    ({ name }) => manifest.devDependencies?.[name] && new RegExp(`"${name}["/]`).test(sources),
  );
  return [...new Set(bundled.flatMap((each) => [each.name, ...bundledNames(each, among)]))];
}

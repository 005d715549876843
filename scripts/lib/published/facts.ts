import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { InstalledPackages, PackedPackage } from "./packed.ts";
import { INSTALL_SCRIPTS, type Manifest, type Package } from "../packages.ts";
import { visibleNames } from "./visible-names.ts";

/** The facts about a package that users depend on, besides types and size. */
export interface Facts {
  /** The fields of the manifest that npm, Node, TypeScript and bundlers read. */
  readonly manifest: Record<string, unknown>;
  /** The packages that an install adds, without the peers. */
  readonly installs: readonly string[];
  readonly files: readonly string[];
  /**
   * The environment variables that it reads or names, its error and warning codes, and the events that it
   * emits.
   */
  readonly visibleNames: readonly string[];
}

/**
 * The fields that do not matter in an installed package. Every other field of a manifest is a fact, even an
 * unknown one.
 */
const TEXTS = new Set([
  "name",
  "version",
  "description",
  "keywords",
  "homepage",
  "bugs",
  "repository",
  "author",
  "contributors",
  "funding",
  "devDependencies",
  "scripts",
  "files",
]);

export function factsOf(
  { path, manifest }: Package,
  packages: readonly Package[],
  { files }: PackedPackage,
  { names: installs }: InstalledPackages,
): Facts {
  const code = files.filter((file) => /\.[cm]?js$/.test(file));
  return {
    manifest: manifestFacts(manifest, packages),
    installs,
    files: files.toSorted(),
    visibleNames: [
      ...new Set(code.flatMap((file) => visibleNames(readFileSync(join(path, file), "utf8")))),
    ].toSorted(),
  };
}

function manifestFacts(manifest: Manifest, packages: readonly Package[]): Record<string, unknown> {
  const facts = Object.fromEntries(Object.entries(manifest).filter(([field]) => !TEXTS.has(field)));
  const { dependencies, scripts = {} } = manifest;
  if (dependencies !== undefined)
    facts["dependencies"] = Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => [name, rangeOf(name, range, packages)]),
    );
  const run = Object.entries(scripts).filter(([name]) => INSTALL_SCRIPTS.includes(name));
  if (run.length > 0) facts["scripts"] = Object.fromEntries(run);
  return facts;
}

/** Each release changes the range of our own packages. Nobody needs to accept that change. */
function rangeOf(name: string, range: string, packages: readonly Package[]): string {
  const version = packages.find((each) => each.name === name)?.manifest.version;
  return range === `^${version}` ? "^ the version in this repository" : range;
}

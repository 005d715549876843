import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Manifest extends Record<string, unknown> {
  name: string;
  version: string;
  private?: boolean;
  exports?: Record<string, string | Record<string, unknown>>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  scripts?: Record<string, string>;
}

/** A package of this repository that npm publishes. */
export interface PublicPackage {
  /** Its folder in `packages`. */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** Every package in `packages` that is not private, by the name of its folder. */
export function publicPackages(repository: string): PublicPackage[] {
  const packages = join(repository, "packages");
  if (!existsSync(packages))
    throw new Error(`${repository} has no folder named packages. Name the top folder of a checkout.`);
  return readdirSync(packages)
    .toSorted()
    .filter((folder) => existsSync(join(packages, folder, "package.json")))
    .map((folder) => {
      const path = join(packages, folder);
      const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest;
      return { folder, path, manifest };
    })
    .filter(({ manifest }) => manifest.private !== true);
}

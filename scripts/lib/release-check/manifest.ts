import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The fields of a package.json that the check reads. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  scripts?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  publishConfig?: Record<string, unknown>;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** The packages of a repository that are meant for npm. */
export function publicPackages(repository: string): Manifest[] {
  return readdirSync(join(repository, "packages"))
    .map((name) => readManifest(join(repository, "packages", name)))
    .filter((manifest) => manifest.private !== true);
}

/** The versions of the packages of a repository that are meant for npm, by their names. */
export function versionsOf(repository: string): Record<string, string> {
  return Object.fromEntries(publicPackages(repository).map(({ name, version }) => [name, version]));
}

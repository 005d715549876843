import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The fields of a package.json that our own checks read. */
export interface Manifest {
  name?: string;
  private?: boolean;
  description?: string;
  keywords?: string[];
  homepage?: string;
  bugs?: string;
  license?: string;
  author?: string;
  repository?: { type?: string; url?: string; directory?: string };
  files?: string[];
  type?: string;
  sideEffects?: boolean;
  workspaces?: string[];
  publishConfig?: { access?: string };
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  bundleDependencies?: string[];
  engines?: { node?: string };
}

/** A folder with a package.json, such as `packages/core`. */
export interface Package {
  folder: string;
  manifest: Manifest;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

/** The package.json of the repository. Its `repository` is the only place that says where the repository is; a test compares all others with it. */
export const rootManifest = readManifest(".");

/** The repository as a browser opens it. */
export const webAddress = rootManifest.repository?.url?.replace(/^git\+|\.git$/g, "") ?? "";

/** Every package of the repository, but for the repository itself. */
export function packages(): Package[] {
  const folders = (rootManifest.workspaces ?? []).flatMap((workspace) =>
    workspace.endsWith("/*")
      ? readdirSync(join(root, workspace.slice(0, -2))).map((name) => `${workspace.slice(0, -1)}${name}`)
      : workspace,
  );
  return folders
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => ({ folder, manifest: readManifest(folder) }));
}

/** The packages that npm has: all but those that are private. */
export function publicPackages(): Package[] {
  return packages().filter(({ manifest }) => manifest.private !== true);
}

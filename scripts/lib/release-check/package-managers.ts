import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeBinary } from "../node-binary.ts";
import { toolFile } from "./registry.ts";

export const MANAGERS = ["npm", "pnpm", "Yarn 1", "Yarn 4", "Yarn 4 PnP"] as const;
export type PackageManager = (typeof MANAGERS)[number];

/** pnpm and Yarn 4 refuse versions that were published today, unless the project names the package. */
const FRESH = '  - "@sockact/*"\n  - sockact\n';

/**
 * The command that installs packages in a project, for the first time or beside others. The project's
 * settings are written first.
 */
export function installCommand(
  manager: PackageManager,
  project: { folder: string; node: string; registry: string },
  packages: readonly string[],
): string[] {
  const settings = (file: string, text: string): void => writeFileSync(join(project.folder, file), text);
  switch (manager) {
    case "npm":
      return ["npm", "install", ...packages];
    case "pnpm":
      settings("pnpm-workspace.yaml", `minimumReleaseAgeExclude:\n${FRESH}`);
      // It needs Node 22 itself, and the app may run on an older one.
      return [nodeBinary("22"), toolFile("pnpm/bin/pnpm.mjs"), "add", ...packages];
    case "Yarn 1":
      return [project.node, toolFile("yarn/bin/yarn.js"), "add", "--non-interactive", ...packages];
    default: {
      const linker = manager === "Yarn 4" ? "node-modules" : "pnp";
      settings("package.json", '{ "private": true }\n');
      settings(
        ".yarnrc.yml",
        `nodeLinker: ${linker}\nnpmRegistryServer: ${project.registry}\nunsafeHttpWhitelist:\n  - 127.0.0.1\nnpmPreapprovedPackages:\n${FRESH}`,
      );
      return [project.node, toolFile("@yarnpkg/cli-dist/bin/yarn.js"), "add", ...packages];
    }
  }
}

/** Node's options for finding the packages. */
export function nodeOptions(manager: PackageManager): string[] {
  if (manager !== "Yarn 4 PnP") return [];
  return ["--require", "./.pnp.cjs", "--experimental-loader", "./.pnp.loader.mjs"];
}

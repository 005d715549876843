import { execFileSync } from "node:child_process";
import { publicPackages, root } from "./packages.ts";

/** A package as `npm ls --long` shows it: its manifest, and what it depends on. */
export interface InstalledPackage {
  name: string;
  version: string;
  integrity?: string;
  path: string;
  dependencies?: Record<string, InstalledPackage>;
}

/**
 * The published packages with the packages that npm installs with them: no development dependency, and no
 * framework.
 */
export function runtimeTree(): InstalledPackage[] {
  const workspaces = publicPackages().map(({ name }) => `--workspace=${name}`);
  const listed = execFileSync(
    "npm",
    ["ls", "--all", "--json", "--long", "--omit=dev", "--omit=peer", ...workspaces],
    { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const { dependencies } = JSON.parse(listed) as { dependencies: Record<string, InstalledPackage> };
  return Object.values(dependencies);
}

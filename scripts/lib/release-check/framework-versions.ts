import { packages } from "../packages.ts";
import { FRAMEWORKS, type FrameworkVersions } from "./consumers.ts";
import { runProgram } from "./run-program.ts";

/**
 * Asks npm for the first and the last version of each major version that the adapters' peerDependencies
 * allow.
 */
export async function frameworkVersions(repository: string): Promise<FrameworkVersions> {
  const lists = await Promise.all(
    FRAMEWORKS.map(async (framework) => {
      const adapter = packages(repository).find(({ folder }) => folder === `packages/${framework}`);
      const range = adapter?.manifest.peerDependencies?.[framework];
      const answer = await runProgram(["npm", "view", `${framework}@${range}`, "version", "--json"], {
        cwd: repository,
      });
      return [framework, firstAndLast([JSON.parse(answer) as string | string[]].flat())];
    }),
  );
  return Object.fromEntries(lists) as FrameworkVersions;
}

/** The first and the last version of each major version, in order. */
export function firstAndLast(versions: readonly string[]): string[] {
  const ordered = versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const majorOf = (version: string | undefined): string | undefined => version?.split(".")[0];
  return ordered.filter(
    (version, at) =>
      majorOf(version) !== majorOf(ordered[at - 1]) || majorOf(version) !== majorOf(ordered[at + 1]),
  );
}

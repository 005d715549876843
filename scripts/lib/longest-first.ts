import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, of any tier. One that starts last runs alone at the end. Vitest knows only how
 * long a file took in its last run, which may have been one of another tier, and nothing in a fresh clone.
 */
export const LONGEST: readonly string[] = [
  "packages/prove/test/broken-apps.test.ts",
  "packages/prove/test/healthy-apps.test.ts",
  "packages/cli/test/hosts-attacked.test.ts",
  "packages/koa/test/handover.test.ts",
  "packages/units/test/read-back.test.ts",
  "packages/fastify/test/handover.test.ts",
  "packages/express/test/handover.test.ts",
  "packages/cli/test/bundle-apps.test.ts",
  "packages/units/test/lint-size.test.ts",
  "packages/cli/test/hosts-under-load.test.ts",
  "packages/register/test/contract.test.ts",
  "packages/websocket/test/moves.test.ts",
  "packages/cli/test/doctor-scenarios.test.ts",
  "packages/cli/test/install.test.ts",
  "packages/cli/test/hosts.test.ts",
  "packages/cli/test/bundle.test.ts",
  "docs/test/site.test.ts",
];

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
  return rank === -1 ? LONGEST.length : rank;
};

/** Starts the longest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

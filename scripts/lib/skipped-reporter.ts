import process from "node:process";
import type { Reporter, TestCase } from "vitest/node";
import { type Missing, missingText } from "../../packages/testkit/src/requires.ts";
import { packageOf } from "./debian-packages.mjs";

/** Prints a table of the tests that could not run on this machine at the end of a run, with the command that installs what they need. */
export default class SkippedReporter implements Reporter {
  readonly #skipped: Missing[] = [];

  onTestCaseResult(test: TestCase): void {
    const { missing } = test.meta();
    if (missing !== undefined) this.#skipped.push(missing);
  }

  onTestRunEnd(): void {
    for (const line of skippedLines(this.#skipped)) console.log(line);
  }
}

/** The table, and what to do about it. There are no lines if nothing was skipped. */
export function skippedLines(skipped: readonly Missing[]): string[] {
  const counts = new Map<string, number>();
  for (const missing of skipped) {
    const text = missingText(missing);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const rows = [...counts].toSorted(([, one], [, other]) => other - one);
  const widest = String(rows[0]![1]).length;
  return [
    "Tests that were skipped, because this machine does not have what they need:",
    ...rows.map(([text, count]) => `  ${String(count).padStart(widest)}  ${text}`),
    ...remedies(skipped),
  ];
}

function remedies(skipped: readonly Missing[]): string[] {
  const programs = skipped.flatMap((missing) => (missing.what === "program" ? [missing.program] : []));
  const packages = new Set(programs.flatMap((program) => packageOf[program] ?? []));
  const node = skipped.find((missing) => missing.what === "node");
  return [
    ...(packages.size > 0
      ? [`On Debian, install them: sudo apt-get install --yes ${[...packages].toSorted().join(" ")}`]
      : []),
    ...(programs.includes("bun") ? ["Bun comes from https://bun.sh."] : []),
    ...(skipped.some(({ what }) => what === "root")
      ? ["As root, more tests run: sudo --preserve-env=PATH npm test"]
      : []),
    ...(node === undefined
      ? []
      : [`On a newer Node: npm run test:on-node -- ${node.version} (this is ${process.versions.node})`]),
  ];
}

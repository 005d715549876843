// The common parts of `npm run test:on-node` and `npm run test:on-systemd`.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Missing, missingText } from "../../packages/testkit/src/requires.ts";
import { root } from "./packages.ts";
import { type Table, writeRows } from "./tested-table.ts";

/** A Node or a systemd that the tests run on. */
export interface Place {
  /** The first cells of its row in docs/tested.md. The version is the first one. */
  cells: readonly string[];
  /**
   * Runs a command in the folder of the project, with its output in this terminal. Resolves to its exit
   * status.
   */
  run(command: readonly string[]): Promise<number>;
}

export interface TestRun {
  passed: number;
  /** The names of the tests that failed. */
  failed: string[];
  skipped: Missing[];
  /** Whether Vitest ended with status 0. It also fails for an error outside of a test. */
  isPassed: boolean;
  minutes: number;
}

/** The used part of Vitest's JSON report. */
interface Report {
  testResults: {
    assertionResults: { status: string; fullName: string; tags: string[]; meta: { missing?: Missing } }[];
  }[];
}

/**
 * Runs Vitest in a place, without the campaign. Resolves to `undefined` if Vitest has not written a report,
 * for example because of an unknown option, or if a signal has ended this process.
 */
export async function runVitest({ run }: Place, args: readonly string[]): Promise<TestRun | undefined> {
  const report = join(root, `.cache/reports/${process.pid}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const tier = "--tags-filter=!campaign";
  const began = performance.now();
  try {
    const status = await run(["node", "node_modules/vitest/vitest.mjs", "run", ...reporters, tier, ...args]);
    if (process.exitCode !== undefined || !existsSync(report)) return undefined;
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
    const tests = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ tags }) => !tags.includes("campaign"));
    return {
      passed: tests.filter((test) => test.status === "passed").length,
      failed: tests.filter((test) => test.status === "failed").map(({ fullName }) => fullName),
      skipped: tests.flatMap(({ meta }) => meta.missing ?? []),
      isPassed: status === 0,
      minutes: (performance.now() - began) / 60_000,
    };
  } finally {
    rmSync(report, { force: true });
  }
}

/** How many tests were skipped, by requirement. */
export function skippedText(skipped: readonly Missing[]): string {
  const counts = new Map<string, number>();
  for (const text of skipped.map(missingText)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return Array.from(counts, ([text, count]) => `${count}: ${text}`).join("; ") || "none";
}

function rowOf({ cells }: Place, run: TestRun): string[] {
  return [
    ...cells,
    run.isPassed ? "passed" : "**failed**",
    String(run.passed),
    String(run.failed.length),
    skippedText(run.skipped),
    run.minutes.toFixed(1),
    new Date().toISOString().slice(0, 10),
  ];
}

/**
 * Runs the tests in one place after the other, and prints the results. If no arguments select tests, writes a
 * row for each place into docs/tested.md. Sets the exit status of this process.
 *
 * @param heading the names of the first cells
 * @param key the part of a version that identifies a row
 */
export async function runInPlaces(
  places: AsyncIterable<Place>,
  args: readonly string[],
  { heading, key }: { heading: readonly ["Node" | "systemd", ...string[]]; key: (version: string) => string },
): Promise<void> {
  const rows: string[][] = [];
  const failures: string[] = [];
  for await (const place of places) {
    const name = `${heading[0]} ${place.cells[0]}`;
    console.error(`\nThe tests on ${name}:`);
    const run = await runVitest(place, args);
    if (process.exitCode !== undefined) return;
    if (run === undefined) {
      // It would end the same way in the other places.
      failures.push("Vitest has ended without a report. What it says above is why.");
      break;
    }
    rows.push(rowOf(place, run));
    failures.push(...run.failed.map((test) => `failed on ${name}: ${test}`));
    if (!run.isPassed && run.failed.length === 0) failures.push(`failed on ${name}, outside of the tests`);
  }
  const table: Table = [[...heading, "result", "passed", "failed", "skipped", "minutes", "date"], ...rows];
  if (args.length === 0 && rows.length > 0) writeRows(heading[0] === "Node" ? "node" : "systemd", table, key);
  // CI keeps the last lines of a log.
  for (const row of rows.length > 0 ? table : []) console.log(row.join(" | "));
  for (const failure of failures) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { JsonTestResults } from "vitest/node";
import { endingWithParent } from "../../packages/testkit/src/end-with-parent.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How a run of vitest on one Node went. */
export interface NodeRun {
  /** The exact version of Node. */
  version: string;
  isPassed: boolean;
  passed: number;
  failed: number;
  skipped: number;
  minutes: number;
  /** Why tests were skipped, each with the number of tests. */
  reasons: [reason: string, tests: number][];
}

/**
 * Runs vitest on this Node, which is also the first `node` on the PATH of whatever the tests start. Resolves with `undefined` when a signal
 * interrupts it; vitest has ended by then.
 */
export async function runVitest(node: string, args: readonly string[]): Promise<NodeRun | undefined> {
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim().replace("v", "");
  console.error(`The tests on Node ${version} (${node}):`);
  const folder = mkdtempSync(join(tmpdir(), "test-node-"));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder);
  const report = join(folder, "report.json");
  const start = performance.now();
  const [program = "", ...rest] = endingWithParent([
    node,
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...args,
  ]);
  const vitest = spawn(program, rest, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env["PATH"] ?? ""}` },
  });
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
    vitest.kill("SIGTERM");
  };
  for (const signal of signals) process.on(signal, interrupt);
  const [status] = (await once(vitest, "close")) as [number | null];
  for (const signal of signals) process.off(signal, interrupt);
  const minutes = (performance.now() - start) / 60_000;
  const counts = countTests(report);
  removeFolder();
  process.off("exit", removeFolder);
  // Vitest also fails for an error that belongs to no test.
  return isInterrupted ? undefined : { version, isPassed: status === 0, minutes, ...counts };
}

/** Counts what a report of vitest's JSON reporter holds; nothing when vitest ended without writing it. */
function countTests(file: string): Pick<NodeRun, "passed" | "failed" | "skipped" | "reasons"> {
  let results: JsonTestResults;
  try {
    results = JSON.parse(readFileSync(file, "utf8")) as JsonTestResults;
  } catch {
    return { passed: 0, failed: 0, skipped: 0, reasons: [] };
  }
  const reasons = new Map<string, number>();
  for (const { status, fullName } of results.testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )) {
    if (status !== "skipped" && status !== "pending") continue;
    const reason = /\[skipped: ([^\]]+)\]/.exec(fullName)?.[1] ?? "no reason given";
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests,
    skipped: results.numPendingTests,
    reasons: [...reasons],
  };
}

/** The runs as the rows of a table, with a heading. */
export function nodeTable(runs: readonly NodeRun[], date: Date): string[][] {
  const day = date.toISOString().slice(0, 10);
  return [
    ["Node", "result", "passed", "failed", "skipped", "minutes", "date", "why skipped"],
    ...runs.map(({ version, isPassed, passed, failed, skipped, minutes, reasons }) => [
      version,
      isPassed ? "passed" : "**failed**",
      ...[passed, failed, skipped].map(String),
      minutes.toFixed(1),
      day,
      reasons.map(([reason, tests]) => `${tests}: ${reason}`).join("; "),
    ]),
  ];
}

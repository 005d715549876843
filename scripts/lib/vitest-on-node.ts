import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { endingWithParent } from "../../packages/testkit/src/end-with-parent.ts";
import { countTests, type Counts, type Report, skippedText } from "./test-counts.ts";
import type { Table } from "./tested-table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The result of a run of vitest on one Node. */
export interface NodeRun extends Counts {
  /** The exact version of Node. */
  version: string;
  isPassed: boolean;
  minutes: number;
}

/**
 * Runs vitest on this Node, which is also the first `node` on the PATH of the programs that the tests start. Resolves once vitest has ended: with
 * `"interrupted"` if a signal has ended it, and with `"no report"` if it has written no report, for example because of an unknown option.
 */
export async function runVitest(
  node: string,
  args: readonly string[],
): Promise<NodeRun | "interrupted" | "no report"> {
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
  const written = existsSync(report) ? readFileSync(report, "utf8") : undefined;
  removeFolder();
  process.off("exit", removeFolder);
  if (isInterrupted) return "interrupted";
  if (written === undefined) return "no report";
  // Vitest also fails for an error that belongs to no test.
  return { version, isPassed: status === 0, minutes, ...countTests(JSON.parse(written) as Report) };
}

/** The runs as the rows of a table, with a heading. */
export function nodeTable(runs: readonly NodeRun[], date: Date): Table {
  const day = date.toISOString().slice(0, 10);
  return [
    ["Node", "result", "passed", "failed", "skipped", "minutes", "date"],
    ...runs.map((run) => [
      run.version,
      run.isPassed ? "passed" : "**failed**",
      String(run.passed),
      String(run.failed),
      skippedText(run),
      run.minutes.toFixed(1),
      day,
    ]),
  ];
}

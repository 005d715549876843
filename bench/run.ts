// npm run bench: measures everything. npm run bench -- NAME [options]: measures one thing. npm run bench --
// --help: lists the benchmarks.
//
// Each file of the folder benches is one. Its first line says what it measures, and the comment at its
// beginning is its help.
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { helpOf } from "../scripts/lib/help-of.ts";
import { installNode } from "../scripts/lib/node-binary.ts";
import { type Bench, countOf, type MeasuredNode, whyNot, wrongOption } from "./lib/bench.ts";
import { commitOf, currentLoad, describeMachine, noiseWarning, watchNoise } from "./lib/machine.ts";
import { outcomesOf } from "./lib/measured.ts";
import { printGoals, printTable } from "./lib/print.ts";
import type { BenchResult, Results } from "./lib/results.ts";

const checkout = fileURLToPath(new URL("..", import.meta.url));
const folder = new URL("benches/", import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.ts$/, ""));
const own = String(process.versions.node.split(".")[0]);

const HELP = `npm run bench                    runs every benchmark but the extra ones
npm run bench -- NAME [options]  runs one
npm run bench -- NAME --help     describes one

The first command takes up to 25 minutes on two cores.

  --runs N     measures everything N times
  --node LIST  measures on these major versions of Node, such as 20,26.
               npm installs those that you do not have.
  --only TEXT  measures only what has TEXT in its name, and what that is
               compared with
  --out FILE   writes all figures to FILE as JSON. The default is a new file
               in .cache/bench.
`;

// Processes and temporary files of a bench are removed when this process exits. Without a listener, a signal
// would skip that.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => process.exit(128 + constants.signals[signal]));

// A reader such as `head` may close the pipe. The file still gets all figures.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE") process.exitCode = 1;
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  // The codes of parseArgs() of node:util, and of wrongOption(). The code of a failed program is a number.
  if (!String(code).startsWith("ERR_PARSE_ARGS_")) throw error;
  console.error(message);
  process.exitCode = 2;
}

async function main(args: string[]): Promise<void> {
  const [name = "", ...rest] = args[0]?.startsWith("-") === false ? args : ["", ...args];
  const wantsHelp = rest.some((arg) => arg === "--help" || arg === "-h");
  if (name !== "" && !names.includes(name)) {
    console.error(`Unknown bench: ${name}\n`);
    console.error(await list());
    process.exitCode = 2;
  } else if (wantsHelp) console.log(name === "" ? await list() : helpOf(new URL(`${name}.ts`, folder)));
  else await measure(name, rest);
}

async function benchOf(name: string): Promise<Bench> {
  const { bench } = (await import(new URL(`${name}.ts`, folder).href)) as { bench: Bench };
  return bench;
}

async function list(): Promise<string> {
  const lines = names.map(async (name) => {
    const { isExtra = false } = await benchOf(name);
    const [summary] = helpOf(new URL(`${name}.ts`, folder)).split(/: |, |\.$/);
    return `  ${name.padEnd(13)}${isExtra ? "extra: " : ""}${summary}`;
  });
  return `${HELP}\n${(await Promise.all(lines)).join("\n")}`;
}

/** Measures one bench, or with no name all that are not extra. */
async function measure(name: string, args: string[]): Promise<void> {
  const benches = await Promise.all(
    (name === "" ? names : [name]).map(async (each) => ({ name: each, bench: await benchOf(each) })),
  );
  const chosen = benches.filter(({ bench }) => name !== "" || bench.isExtra !== true);
  const { runs, node, only, out, ...options } = parseArgs({
    args,
    options: {
      runs: { type: "string" },
      node: { type: "string" },
      only: { type: "string", default: "" },
      out: { type: "string" },
      ...(name === "" ? {} : chosen[0]!.bench.options),
    },
  }).values as Record<string, string | undefined>;
  const chosenRuns = runs === undefined ? undefined : countOf("runs", runs);
  const nodes = nodesOf(
    chosen.map(({ bench }) => bench),
    node,
  );
  const started = new Date();
  const results: Results = {
    date: started.toISOString(),
    commit: commitOf(checkout),
    machine: describeMachine(),
    benches: [],
  };
  const file = out ?? join(checkout, ".cache/bench", `${name || "all"}-${started.toISOString()}.json`);
  // A file that can't be written is an error before the run.
  write(file, results);
  const load = currentLoad();
  for (const { name: each, bench } of chosen) {
    if (chosen.length > 1) console.error(`\n${each} …`);
    const reason = whyNot(bench);
    if (reason !== undefined) {
      console.error(`${each} can't run: ${reason}.`);
      process.exitCode = 1;
      continue;
    }
    const noise = watchNoise(load);
    const began = performance.now();
    const tables = await bench
      .measure({
        runs: chosenRuns ?? bench.runs,
        nodes: nodes.filter(({ major }) => (node === undefined ? nodesBy(bench).includes(major) : true)),
        only: only!,
        options: { ...defaultsOf(bench), ...options },
      })
      .catch((error: unknown) => {
        // The figures of the other benches are still useful.
        if (chosen.length === 1) throw error;
        console.error(error);
        process.exitCode = 1;
        return undefined;
      });
    if (tables === undefined) continue;
    const result: BenchResult = {
      name: each,
      seconds: Math.round((performance.now() - began) / 1000),
      noise: noise(),
      tables,
    };
    results.benches.push(result);
    report(result, results.machine.cores);
    if (only !== "" && tables.every(({ arms }) => arms.length === 0)) {
      console.error(`Nothing in ${each} has "${only}" in its name.`);
      process.exitCode = 2;
    }
    write(file, results);
  }
  if (chosen.length > 1)
    for (const { tables } of results.benches)
      for (const table of tables) printGoals(table.title, outcomesOf(table));
  if (results.benches.length > 0) console.error(`\nAll figures are in ${file}`);
}

function nodesBy({ nodes = [own] }: Bench): readonly string[] {
  return nodes;
}

/**
 * The versions of Node that these benches measure. They are installed before anything is measured.
 *
 * @param asked what the command line asks for
 */
function nodesOf(benches: readonly Bench[], asked: string | undefined): MeasuredNode[] {
  const majors = new Set(asked?.split(",") ?? benches.flatMap(nodesBy));
  if (![...majors].every((major) => /^\d+$/.test(major)))
    throw wrongOption(`--node must be major versions such as 20,26; got ${asked}`);
  return [...majors].flatMap((major) => {
    try {
      return { major, binary: major === own ? process.execPath : installNode(major) };
    } catch (error) {
      const { message } = error as Error;
      if (asked !== undefined) throw wrongOption(message);
      console.error(`${message} It is left out.`);
      process.exitCode = 1;
      return [];
    }
  });
}

/** Replaces the whole file, so a full disk does not destroy the earlier figures. */
function write(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(results, undefined, 1)}\n`);
  renameSync(`${file}.new`, file);
}

function defaultsOf({ options = {} }: Bench): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, option.default]));
}

function report(result: BenchResult, cores: number): void {
  for (const table of result.tables) {
    printTable(table);
    printGoals(table.title, outcomesOf(table));
  }
  const warning = noiseWarning(result.noise, cores);
  if (warning !== undefined) console.error(`\n${warning}`);
}

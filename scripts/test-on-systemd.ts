// npm run test:on-systemd -- [VERSION…] [vitest arguments]: runs the tests on other systemds.
//
// Runs the tests that need systemd on each named systemd: 252, 257 and 262, or bookworm, trixie and sid, the releases of Debian
// that have them. The default is all three. Each release is downloaded once by debootstrap, into .cache/debian.
// It needs root, debootstrap, and Debian's registry.
//
//   npm run test:on-systemd
//   npm run test:on-systemd -- 252 packages/units
//   npm run test:on-systemd -- 252 262 --bail 1 packages/units/test/bind.test.ts
//
//   --fresh   downloads the releases again; sid gets newer ones
//   --help    this
//
// Without vitest arguments, a run writes its rows into docs/tested.md.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Debian, suites } from "./lib/debian.ts";
import { readSystemdArguments } from "./lib/systemd-arguments.ts";
import { systemdTestFiles } from "./lib/systemd-test-files.ts";
import { countTests, type Counts, skippedText } from "./lib/test-counts.ts";
import { type Table, writeRows } from "./lib/tested-table.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const reports = ".cache/test-systemd";

interface Run extends Counts {
  version: string;
  debian: string;
  minutes: number;
  exposures: string[];
  status: number;
}

/** The scores of `systemd-analyze security` for an inbound and an outbound service. */
async function exposuresOn(debian: Debian): Promise<string[]> {
  const program = ["--conditions=@sockact/source", "--import", "tsx", "scripts/lib/print-exposures.ts"];
  const { status, stdout, stderr } = await debian.run(["node", ...program]);
  if (status !== 0) throw new Error(`The exposures on ${debian.name} could not be measured:\n${stderr}`);
  return stdout.trim().split("\n");
}

async function runTests(debian: Debian, vitest: readonly string[]): Promise<Run> {
  const began = performance.now();
  const { stdout } = await debian.run(["systemctl", "--version"]);
  const version = /\((.+?)\)/.exec(stdout)?.[1] ?? "unknown";
  console.error(`\nThe tests on systemd ${version}, ${debian.name}:`);
  const report = `${reports}/${debian.suite}-${process.pid}.json`;
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const command = ["node", "node_modules/vitest/vitest.mjs", "run", ...reporters, ...vitest];
  const { status } = await debian.run(command, { stdio: ["ignore", "inherit", "inherit"] });
  if (!existsSync(report))
    throw new Error(
      `The tests on systemd ${version} ended early, without a report. The output above says why.`,
    );
  const counts = countTests(JSON.parse(readFileSync(report, "utf8")));
  rmSync(report);
  return {
    version,
    debian: debian.name,
    ...counts,
    exposures: await exposuresOn(debian),
    minutes: (performance.now() - began) / 60_000,
    status,
  };
}

function help(): string {
  const lines = readFileSync(new URL(import.meta.url), "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n");
}

async function main(): Promise<number> {
  const asked = readSystemdArguments(process.argv.slice(2), suites);
  if (asked.help) {
    console.log(help());
    return 0;
  }
  if (process.getuid?.() !== 0)
    throw new Error("This command boots systemd, so it needs root. Run it with sudo.");
  mkdirSync(reports, { recursive: true });
  const files = asked.vitest.length > 0 ? asked.vitest : systemdTestFiles();
  const runs: Run[] = [];
  for (const suite of asked.suites) {
    runs.push(await runTests(await Debian.ofSuite(suite, asked), files));
    if (process.exitCode !== undefined) return 1;
  }
  const rows = runs.map((run) => [
    run.version,
    run.debian,
    String(run.passed),
    String(run.failed),
    skippedText(run),
    ...run.exposures,
    run.minutes.toFixed(1),
    new Date().toISOString().slice(0, 10),
  ]);
  const heading = ["systemd", "distribution", "passed", "failed", "skipped", "inbound", "outbound"];
  const table: Table = [[...heading, "minutes", "date"], ...rows];
  console.error();
  for (const row of table) console.error(row.join(" | "));
  if (asked.vitest.length === 0) writeRows("systemd", table, (version) => String(Number.parseInt(version)));
  // A test that is skipped for an unknown reason should have run.
  const hidden = asked.filtersNames
    ? []
    : runs.flatMap(({ version, unexpected }) => unexpected.map((name) => `${version}: ${name}`));
  for (const name of hidden) console.error(`Skipped, though it should run on systemd ${name}`);
  if (hidden.length > 0)
    console.error("If a program is missing, --fresh downloads the releases with all that the tests need.");
  return hidden.length > 0 || runs.some(({ status }) => status !== 0) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

// npm run release:check: a whole release of a copy of the repository, to a registry on this machine. Then it
// installs the packages from there as users do, and runs them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nodeBinary } from "./lib/node-binary.ts";
import { isInstalled } from "./lib/is-installed.ts";
import { versionsOf } from "./lib/packages.ts";
import { type Consumer, consumersOf } from "./lib/release-check/consumers.ts";
import { frameworkVersions } from "./lib/release-check/framework-versions.ts";
import { installTools, startRegistry } from "./lib/release-check/registry.ts";
import { publishPackages, writeSboms } from "./lib/release-check/release.ts";
import { copyRepository, isDirty, versionPackages } from "./lib/release-check/repository-copy.ts";
import { type Result, tryConsumers } from "./lib/release-check/try-consumers.ts";
import { updateToMinorOfCore } from "./lib/release-check/update.ts";

const HELP = `npm run release:check -- [options]

Makes a whole release of a copy of the repository as it is committed, to a registry on this machine.
Then it installs the packages from there in fresh projects, and runs them.

  --only TEXT   tries only the consumers that have TEXT in their title, and skips the second release
  --keep        keeps the folder of the run, and says where it is
  --help        prints this text
`;

const repository = fileURLToPath(new URL("..", import.meta.url));
const say = (line: string): void => console.log(line);
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function minutes(since: number): string {
  const taken = Math.round((performance.now() - since) / 1000);
  return `${Math.floor(taken / 60)} min ${taken % 60} s`;
}

/** Prints each step with its duration. */
async function step<T>(title: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    const result = await action();
    say(`✓ ${title}, ${seconds(start)}`);
    return result;
  } catch (error) {
    throw new Error(`✗ ${title}, ${seconds(start)}\n${(error as Error).message}`, { cause: error });
  }
}

function readOptions(): { only: string | undefined; keep: boolean } {
  const options = { only: { type: "string" }, keep: { type: "boolean" }, help: { type: "boolean" } } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.help) {
      say(HELP);
      process.exit();
    }
    return { only: values.only, keep: values.keep ?? false };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return process.exit(2);
  }
}

function chooseConsumers(consumers: Consumer[], only: string): Consumer[] {
  const chosen = consumers.filter(({ title }) => title.includes(only));
  if (chosen.length > 0) return chosen;
  const titles = consumers.map(({ title }) => `  ${title}`).join("\n");
  throw new Error(`No consumer has "${only}" in its title. These are all:\n${titles}`);
}

function tell({ consumer, seconds: taken, error }: Result): void {
  say(`${error === undefined ? "✓" : "✗"} ${consumer.title}, ${taken.toFixed(1)} s`);
  if (error === undefined) return;
  say(error.replaceAll(/^/gm, "    "));
  say(`    To see it again: npm run release:check -- --keep --only "${consumer.title}"`);
}

async function check(folder: string, only: string | undefined): Promise<boolean> {
  const copy = join(folder, "copy");
  const consumers = chooseConsumers(consumersOf(await frameworkVersions(repository)), only ?? "");
  if (await isDirty(repository))
    say("The working tree has changes that are not committed: they are not checked.");
  await step("The registry, the package managers and the Nodes are installed", async () => {
    await installTools();
    // This comes first, because this process does nothing else while it installs a Node.
    for (const { node } of consumers) nodeBinary(node);
  });
  await step("The repository is copied, and its dependencies are installed", () =>
    copyRepository(repository, copy),
  );
  await step("The packages have their next versions", () => versionPackages(copy));
  await using registry = await step("The registry is started", () =>
    startRegistry(folder, Object.keys(versionsOf(copy))),
  );
  const versions = await step("The packages are built, linted and published", () =>
    publishPackages(copy, registry),
  );
  await step("Each package has its SBOM", () => writeSboms(copy, join(folder, "sbom"), registry));
  const results = await tryConsumers(consumers, { folder, registry, copy }, tell);
  if (only === undefined) {
    const changed = await step("A minor of core alone is released, and an app is updated to it", () =>
      updateToMinorOfCore({ folder, registry, copy }),
    );
    for (const change of changed) say(`    ${change}`);
  }
  const failed = results.filter(({ error }) => error !== undefined);
  for (const { consumer } of failed) say(`✗ ${consumer.title}`);
  for (const [name, version] of Object.entries(versions)) say(`    ${name}@${version}`);
  return failed.length === 0;
}

const { only, keep } = readOptions();
if (!isInstalled("systemd-socket-activate")) {
  console.error("release:check needs systemd-socket-activate. Install the package systemd of Debian.");
  process.exit(1);
}
const start = performance.now();
const folder = mkdtempSync(join(tmpdir(), "sockact-release-check-"));
process.on("exit", () => {
  if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
// The programs that run end with this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));
let passed = false;
try {
  passed = await check(folder, only);
} catch (error) {
  console.error((error as Error).message);
}
if (keep) say(`\nThe folder of this run: ${folder}`);
say(`\n${passed ? "✓ Passed" : "✗ Failed"}. The check took ${minutes(start)} in all.`);
process.exitCode = passed ? 0 : 1;

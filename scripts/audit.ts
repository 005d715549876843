// npm run audit: asks npm's registry for known vulnerabilities in every lockfile of this repository. Ends with 1 if there are some,
// and with 2 if the registry did not answer. Packages that users install must have none. For other packages, moderate and higher ones count.
// The apps in packages/testkit/apps and the packages in bench/peers are left out: tests and benches run them as they are published, and their
// authors fix them.
import { execFileSync, spawnSync } from "node:child_process";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type AuditReport, advisoriesIn, whyNotAsked } from "./lib/audit-report.ts";
import { type InstalledPackage, runtimeTree } from "./lib/runtime-tree.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

// Each option overrides the user's configuration of npm, which may say that npm is offline or leaves out development dependencies: then it would find nothing.
const whole = [
  "--offline=false",
  "--prefer-offline=false",
  "--include=dev",
  "--include=optional",
  "--include=peer",
];

function askRegistry(lockfile: string): AuditReport {
  const { stdout, stderr } = spawnSync(
    "npm",
    ["audit", "--json", "--package-lock-only", "--fetch-retries=1", "--fetch-timeout=60000", ...whole],
    { cwd: dirname(lockfile), encoding: "utf8", maxBuffer: 1 << 28 },
  );
  try {
    return JSON.parse(stdout) as AuditReport;
  } catch {
    return { message: stderr.trim() };
  }
}

function namesIn(packages: readonly InstalledPackage[]): string[] {
  return packages.flatMap(({ name, dependencies = {} }) => [name, ...namesIn(Object.values(dependencies))]);
}

const published = new Set(namesIn(runtimeTree()));
const lockfiles = execFileSync(
  "git",
  ["ls-files", ":(glob)**/package-lock.json", ":(exclude)packages/testkit/apps", ":(exclude)bench/peers"],
  { encoding: "utf8" },
);
const found: string[] = [];
const refused: string[] = [];
for (const lockfile of lockfiles.trim().split("\n")) {
  const report = askRegistry(lockfile);
  const reason = whyNotAsked(report);
  if (reason !== undefined) refused.push(`${lockfile}: ${reason}`);
  found.push(...advisoriesIn(report, published).map((line) => `${lockfile}: ${line}`));
}

for (const line of found) console.error(line);
if (refused.length > 0)
  console.error(`NOT CHECKED, since the registry did not answer:\n${refused.join("\n")}`);
if (found.length > 0) {
  console.error(`${found.length} advisories. \`npm audit fix\` beside the lockfile updates what it can.`);
  process.exitCode = 1;
} else if (refused.length > 0) {
  process.exitCode = 2;
} else {
  console.log("No known vulnerabilities.");
}

// npm run audit: asks npm's registry for known vulnerabilities in every lockfile of this repository. Ends
// with 1 if there are some, and with 2 if the registry did not answer. Packages that users install must have
// none. For other packages, moderate and higher ones count. The apps in packages/testkit/apps and the
// packages in bench/peers are left out: tests and benches run them as they are published, and their authors
// fix them.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { gitLines } from "./lib/git.ts";
import { root } from "./lib/packages.ts";
import { type InstalledPackage, runtimeTree } from "./lib/runtime-tree.ts";

/** The output of `npm audit --json`. It has no `vulnerabilities` if npm could not ask the registry. */
interface Report {
  vulnerabilities?: Record<
    string,
    { via: (string | { title: string; url: string; severity: string; range: string })[] }
  >;
  message?: string;
  error?: { summary: string };
}

/**
 * Advisories that we accept because every version that we could install has them: fastify 4 has no fix, and
 * the tests of @sockact/fastify need it.
 */
const accepted = /\/(?:GHSA-jx2c-rxcm-jvmq|GHSA-444r-cwp2-x5xf)$/;

// Each option overrides the user's npm configuration. With npm offline or without development dependencies,
// the audit would find nothing.
const whole =
  "--offline=false --prefer-offline=false --include=dev --include=optional --include=peer " +
  "--package-lock-only --fetch-retries=1 --fetch-timeout=60000";

function askRegistry(lockfile: string): Report {
  const { stdout, stderr } = spawnSync("npm", ["audit", "--json", ...whole.split(" ")], {
    cwd: join(root, dirname(lockfile)),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    return { message: stderr.trim() };
  }
}

function namesIn(packages: readonly InstalledPackage[]): string[] {
  return packages.flatMap(({ name, dependencies = {} }) => [name, ...namesIn(Object.values(dependencies))]);
}

const published = new Set(namesIn(runtimeTree()));

/**
 * The advisories that count. A package that only depends on a vulnerable one is listed with that dependency's
 * name, which has its own entry.
 */
function advisoriesIn({ vulnerabilities = {} }: Report): string[] {
  return Object.entries(vulnerabilities).flatMap(([name, { via }]) =>
    via
      .filter((cause) => typeof cause !== "string")
      .filter(
        ({ severity, url }) =>
          published.has(name) || !(["info", "low"].includes(severity) || accepted.test(url)),
      )
      .map(({ title, url, severity, range }) => `${name} ${range}, ${severity}: ${title} (${url})`),
  );
}

const others = [":(exclude)packages/testkit/apps", ":(exclude)bench/peers"];
const reports = gitLines(root, "ls-files", ":(glob)**/package-lock.json", ...others).map(
  (lockfile) => [lockfile, askRegistry(lockfile)] as const,
);
const found = reports.flatMap(([lockfile, report]) =>
  advisoriesIn(report).map((line) => `${lockfile}: ${line}`),
);
const refused = reports
  .filter(([, { vulnerabilities }]) => vulnerabilities === undefined)
  .map(
    ([lockfile, { error, message }]) => `${lockfile}: ${error?.summary || message || "npm gave no reason"}`,
  );

for (const line of found) console.error(line);
if (refused.length > 0)
  console.error(`NOT CHECKED, since the registry did not answer:\n${refused.join("\n")}`);
if (found.length > 0)
  console.error(`${found.length} advisories. \`npm audit fix\` beside the lockfile updates what it can.`);
if (found.length + refused.length === 0) console.log("No known vulnerabilities.");
process.exitCode = found.length > 0 ? 1 : refused.length > 0 ? 2 : 0;

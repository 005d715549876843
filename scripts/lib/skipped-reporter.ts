import { basename } from "node:path";
import process from "node:process";
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from "vitest/node";
import { type Missing, missingText } from "../../packages/testkit/src/requires.ts";
import { type Asked, isAsked, whyNothingRan } from "./asked-tests.ts";
import { packageOf } from "./debian-packages.mjs";

/** A skipped test, with the first missing requirement, and all programs that it lacks. */
export interface Skipped {
  missing: Missing;
  programs?: readonly string[] | undefined;
}

/**
 * At the end of a run, prints a table of the tests that could not run on this machine, with the command that
 * installs what they need. A run fails if its arguments select tests that do not exist.
 */
export default class SkippedReporter implements Reporter {
  readonly #skipped: Skipped[] = [];
  #asked: Asked = {};
  #found = 0;

  onInit({ config }: Vitest): void {
    this.#asked = config;
  }

  onTestCaseResult(test: TestCase): void {
    if (!isAsked({ fullName: test.fullName, tags: test.tags }, this.#asked)) return;
    this.#found += 1;
    const { missing, missingPrograms } = test.meta();
    if (missing !== undefined) this.#skipped.push({ missing, programs: missingPrograms });
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    for (const line of skippedLines(this.#skipped)) console.log(line);
    const isRed = errors.length > 0 || modules.some((module) => !module.ok());
    if (this.#found > 0 || modules.length === 0 || isRed) return;
    console.error(whyNothingRan(this.#asked));
    process.exitCode = 1;
  }
}

/** The table, and what to do. Empty if nothing was skipped. */
export function skippedLines(skipped: readonly Skipped[], isRoot = process.getuid?.() === 0): string[] {
  const counts = new Map<string, number>();
  for (const { missing } of skipped) {
    const name = nameOf(missing);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const rows = [...counts].toSorted(([, one], [, other]) => other - one);
  const widest = String(rows[0]![1]).length;
  return [
    "Tests that were skipped, because this machine does not have what they need:",
    ...rows.map(([name, count]) => `  ${String(count).padStart(widest)}  ${name}`),
    ...remedies(skipped, isRoot),
  ];
}

/** The Debian package of a program, because a row for each program would make a long table. */
function nameOf(missing: Missing): string {
  if (missing.what === "program") return debianPackage(missing.program) ?? missingText(missing);
  return missing.what === "systemd" ? `${missingText(missing)} or newer` : missingText(missing);
}

const debianPackage = (program: string): string | undefined =>
  packageOf[program] ?? packageOf[basename(program)];

function remedies(skipped: readonly Skipped[], isRoot: boolean): string[] {
  const programs = skipped.flatMap(({ missing, programs: all = [] }) =>
    missing.what === "program" ? [missing.program, ...all] : all,
  );
  const packages = new Set(programs.flatMap((program) => debianPackage(program) ?? []));
  const install = `${isRoot ? "" : "sudo "}apt-get install --yes --no-install-recommends`;
  const nodes = skipped.flatMap(({ missing }) => (missing.what === "node" ? [missing.version] : []));
  return [
    ...(packages.size > 0
      ? ["On Debian, install them with:", `  ${install} ${[...packages].toSorted().join(" ")}`]
      : []),
    ...(skipped.some(({ missing }) => missing.what === "root")
      ? ["As root, more tests run: sudo --preserve-env=PATH npm test"]
      : []),
    ...(nodes.length > 0
      ? [`On a newer Node: npm run test:on-node -- ${Math.max(...nodes)} (this is ${process.versions.node})`]
      : []),
  ];
}

/** The fields of a test in vitest's JSON report. */
export interface Report {
  testResults: { assertionResults: { status: string; fullName: string }[] }[];
}

export interface Counts {
  passed: number;
  failed: number;
  /** The names of those that have failed. */
  failures: string[];
  /** How many were skipped, by the reason. */
  skipped: Record<string, number>;
  /** The tests that were skipped without a known reason. */
  unexpected: string[];
}

/** The known reasons: a usual run, a newer systemd or Node, a program that no Debian of the tests has, or a reason that the test file gives for this Node. */
const expected = /^takes long|^needs systemd \d|^needs Node \d|^needs the program (?:podman|bun)$/;

export function countTests({ testResults }: Report): Counts {
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const counts: Counts = {
    passed: all.filter(({ status }) => status === "passed").length,
    failed: all.filter(({ status }) => status === "failed").length,
    failures: all.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    skipped: {},
    unexpected: [],
  };
  for (const { status, fullName } of all) {
    if (status === "passed" || status === "failed") continue;
    const reason =
      /\[skipped: (.*?)\]/.exec(fullName)?.[1]?.replace(/, and this is .*/, "") ?? "no reason given";
    counts.skipped[reason] = (counts.skipped[reason] ?? 0) + 1;
    if (!expected.test(reason)) counts.unexpected.push(fullName);
  }
  return counts;
}

/** How many tests were skipped, for any reason. */
export const countOfSkipped = ({ skipped }: Counts): number =>
  Object.values(skipped).reduce((sum, count) => sum + count, 0);

/** The reasons why tests were skipped, each with the number of tests. */
export const skippedText = ({ skipped }: Counts): string =>
  Object.entries(skipped)
    .map(([reason, count]) => `${count}: ${reason}`)
    .join("; ") || "none";

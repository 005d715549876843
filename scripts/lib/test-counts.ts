/** The fields of a test in vitest's JSON report. */
export interface Report {
  testResults: { assertionResults: { status: string; fullName: string; meta?: { isLeftOut?: boolean } }[] }[];
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

/** The known reasons: the sample of `npm test`, a usual run, a newer systemd or Node, a program that no Debian of the tests has, or a reason that the test file gives for this Node. */
const expected =
  /^not in the sample|^takes long|^needs systemd \d|^needs Node \d|^needs the program (?:podman|bun)$/;

export function countTests({ testResults }: Report): Counts {
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const counts: Counts = {
    passed: all.filter(({ status }) => status === "passed").length,
    failed: all.filter(({ status }) => status === "failed").length,
    failures: all.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    skipped: {},
    unexpected: [],
  };
  for (const { status, fullName, meta } of all) {
    if (status === "passed" || status === "failed") continue;
    const named = /\[skipped: (.*?)\]/.exec(fullName)?.[1]?.replace(/, and this is .*/, "");
    const reason = meta?.isLeftOut === true ? "not in the sample" : (named ?? "no reason given");
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

/** The tests that the arguments of a run select, besides files. */
export interface Asked {
  testNamePattern?: RegExp | undefined;
  tagsFilter?: readonly string[] | undefined;
}

/**
 * Whether the arguments select a test. An expression of tags that are not only our tiers, such as with `||`,
 * selects all.
 */
export function isAsked(test: { fullName: string; tags: readonly string[] }, asked: Asked): boolean {
  // Vitest compares the names without the arrows between them.
  if (asked.testNamePattern && !asked.testNamePattern.test(test.fullName.replaceAll(" > ", " ")))
    return false;
  return (asked.tagsFilter ?? []).every((filter) =>
    filter.split("&&").every((term) => {
      const [, not, tag] = /^\s*(!?)(\w+)\s*$/.exec(term) ?? [];
      return tag === undefined || test.tags.includes(tag) === (not === "");
    }),
  );
}

/** Why a run has no test. */
export function whyNothingRan({ testNamePattern, tagsFilter = [] }: Asked): string {
  const tier =
    tagsFilter.length === 0 ? "" : ` in the asked tier (--tags-filter='${tagsFilter.join("' '")}')`;
  return testNamePattern
    ? `No test ran: none${tier} has a name that matches ${testNamePattern.source}.`
    : `No test ran: none in these files is${tier}. TESTING.md describes the tiers.`;
}

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isAsked, whyNothingRan } from "./lib/asked-tests.ts";

test.each([
  [[], "!campaign", true],
  [["systemd"], "!campaign", true],
  [["systemd"], "!systemd && !campaign", false],
  [[], "!systemd && !campaign", true],
  [["systemd"], "systemd && !campaign", true],
  [["systemd", "campaign"], "systemd && !campaign", false],
  [["systemd", "campaign"], "campaign", true],
])("whether a test with the tags %j is asked for by %s: %s", (tags, filter, expected) => {
  expect(isAsked({ fullName: "a > b", tags }, { tagsFilter: [filter] })).toBe(expected);
});

test("a name is compared as Vitest does", () => {
  const named = { fullName: "an app > answers", tags: [] };
  expect(isAsked(named, { testNamePattern: /app answers/ })).toBe(true);
  expect(isAsked(named, { testNamePattern: /nonsense/ })).toBe(false);
});

test("says what no test matched", () => {
  expect(whyNothingRan({ testNamePattern: /nonsense/, tagsFilter: ["!campaign"] })).toBe(
    "No test ran: none in the asked tier (--tags-filter='!campaign') has a name that matches nonsense.",
  );
  expect(whyNothingRan({ tagsFilter: ["campaign"] })).toBe(
    "No test ran: none in these files is in the asked tier (--tags-filter='campaign'). TESTING.md describes the tiers.",
  );
});

const vitest = (...args: string[]) =>
  spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...args], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    encoding: "utf8",
  });

test("a run that is asked for a name that no test has fails", () => {
  const { status, stderr } = vitest("scripts/asked-tests.test.ts", "--testNamePattern=nonsense$");
  expect(stderr).toContain("No test ran: none has a name that matches nonsense$.");
  expect(status).toBe(1);
});

test("a run that is asked for a file and a misspelled one fails", () => {
  const { status, stdout, stderr } = vitest("scripts/sbom.test.ts", "scripts/smob.test.ts");
  expect(stderr).toContain(
    "No test file has scripts/smob.test.ts in its path. Did you mean scripts/sbom.test.ts?",
  );
  expect(stdout).not.toContain("sbom.test.ts");
  expect(status).toBe(1);
});

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

test("a run that is asked for a name that no test has fails", () => {
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "scripts/asked-tests.test.ts"];
  const { status, stderr } = spawnSync(process.execPath, [...vitest, "--testNamePattern=nonsense$"], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    encoding: "utf8",
  });
  expect(stderr).toContain("No test ran: none has a name that matches nonsense$.");
  expect(status).toBe(1);
});

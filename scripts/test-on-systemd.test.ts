import { expect, test } from "vitest";
import { readSystemdArguments } from "./lib/systemd-arguments.ts";
import { systemdTestFiles } from "./lib/systemd-test-files.ts";
import { countTests } from "./lib/test-counts.ts";

const suites = { 252: "bookworm", 257: "trixie" };
const read = (...args: string[]) => readSystemdArguments(args, suites);

test("without a version, the tests run on each systemd", () => {
  expect(read()).toEqual({
    help: false,
    fresh: false,
    suites: ["bookworm", "trixie"],
    vitest: [],
    filtersNames: false,
  });
});

test("versions and releases of Debian come first, and vitest gets the rest", () => {
  expect(read("252", "bookworm", "--fresh", "packages/units", "--bail", "1")).toEqual({
    help: false,
    fresh: true,
    suites: ["bookworm"],
    vitest: ["packages/units", "--bail", "1"],
    filtersNames: false,
  });
  expect(read("packages/units")).toMatchObject({
    suites: ["bookworm", "trixie"],
    vitest: ["packages/units"],
  });
});

test.each([["-t", "a restart"], ["--testNamePattern=a restart"]])(
  "with %s, the other tests are skipped on purpose",
  (...filter) => {
    expect(read("252", "packages/units", ...filter)).toMatchObject({ filtersNames: true });
  },
);

test.each(["251", "buster"])("a systemd that is not in the table is refused: %s", (name) => {
  expect(() => read("252", name)).toThrow(
    `The tests can't run on systemd ${name}: name 252 (bookworm), 257 (trixie), or none for all.`,
  );
});

test("the test files are those that ask systemd something, themselves or by a contract that boots it", () => {
  const files = systemdTestFiles().map((file) => file.slice(file.search(/packages|examples|scripts/)));
  expect(files).toContain("packages/units/test/verify.test.ts");
  expect(files).toContain("packages/koa/test/lifecycle.test.ts");
  expect(files).not.toContain("packages/koa/test/contract.test.ts");
  expect(files).not.toContain("packages/core/test/warnings.test.ts");
});

test("a test that was skipped for another reason than its requirements is told by its name", () => {
  const result = (status: string, fullName: string) => ({ status, fullName });
  const assertionResults = [
    result("passed", "one"),
    result("failed", "two"),
    result("skipped", "group [skipped: needs systemd 254, and this is 252] three"),
    result("skipped", "group [skipped: needs systemd 254, and this is 252] four"),
    result("skipped", "group [skipped: a private systemd needs root] five"),
    result("pending", "six"),
  ];
  expect(countTests({ testResults: [{ assertionResults }] })).toEqual({
    passed: 1,
    failed: 1,
    failures: ["two"],
    skipped: { "needs systemd 254": 2, "a private systemd needs root": 1, "no reason given": 1 },
    unexpected: ["group [skipped: a private systemd needs root] five", "six"],
  });
});

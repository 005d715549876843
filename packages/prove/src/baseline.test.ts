import { describe, expect, it, test } from "vitest";
import { brokenFindings } from "../test/example-findings.ts";
import { compareReports, parseBaseline } from "./baseline.ts";
import { formatJson } from "./formats/json.ts";
import type { Check, Report } from "./report.ts";

/** A report whose checks have these figures. */
const reportWith = (figures: Check["figures"], systemd = 257): Report => ({
  ...brokenFindings.report,
  versions: { ...brokenFindings.report.versions, systemd },
  checks: [{ id: "restart", verdict: "held", figures, causes: [], seconds: 1 }],
});

test("a promise with another verdict is a difference, also if it holds now", () => {
  const before = brokenFindings.report;
  const now: Report = {
    ...before,
    checks: before.checks.map((check) => ({
      ...check,
      verdict: check.id === "stop" ? "held" : check.id === "start" ? "broken" : check.verdict,
    })),
  };
  expect(compareReports(before, now)).toEqual([
    { what: "verdict", check: "start", before: "held", now: "broken" },
    { what: "verdict", check: "stop", before: "broken", now: "held" },
  ]);
  expect(compareReports(before, before)).toEqual([]);
});

describe("a figure is worse", () => {
  it.each([
    ["one lost request more", { lost: 0 }, { lost: 1 }],
    ["a ratio of more than a quarter more", { wakeRatio: 2 }, { wakeRatio: 2.51 }],
    ["a small ratio of more than 0.2 more", { wakeRatio: 0.5 }, { wakeRatio: 0.71 }],
    ["a higher exposure", { score: 1.4 }, { score: 1.6 }],
    ["three descriptors more", { descriptors: 0 }, { descriptors: 3 }],
    ["twice the heap", { heap: 1000 }, { heap: 2000 }],
  ])("with %s", (_, before, now) => {
    const [figure] = Object.keys(before) as ["lost"];
    expect(compareReports(reportWith(before), reportWith(now))).toEqual([
      { what: "figure", figure, before: Object.values(before)[0], now: Object.values(now)[0] },
    ]);
    expect(compareReports(reportWith(now), reportWith(before))).toEqual([]);
  });

  it.each([
    ["by what a ratio differs from run to run", { wakeRatio: 2 }, { wakeRatio: 2.5 }],
    ["by one place of the exposure", { score: 1.4 }, { score: 1.5 }],
    ["by milliseconds, which are those of the machine", { wake: 100 }, { wake: 900 }],
    ["with more requests: more was tried", { requests: 100 }, { requests: 900 }],
    ["if the earlier run has not measured it", {}, { lost: 5 }],
    ["if this run has not measured it", { lost: 0 }, {}],
  ])("not %s", (_, before: Check["figures"], now: Check["figures"]) => {
    expect(compareReports(reportWith(before), reportWith(now))).toEqual([]);
  });

  it("not with the exposure of another systemd, which scores by other rules", () => {
    expect(compareReports(reportWith({ score: 1 }, 252), reportWith({ score: 3 }, 257))).toEqual([]);
  });
});

test("what is saved can be a baseline", () => {
  const { report } = brokenFindings;
  expect(parseBaseline(formatJson(brokenFindings), "last.json")).toMatchObject(report);
});

test.each([
  ["no JSON", "root:secret", "it is not valid JSON"],
  ["another JSON", '{"name":"secret"}', "it has no field format"],
  ["null", "null", "it has no field format"],
  ["a later format", '{"format":2,"checks":[]}', "it is of another version of sockact"],
  ["no checks", '{"format":1}', "its fields are others"],
  [
    "a verdict that is none",
    '{"format":1,"versions":{},"checks":[{"verdict":"\\u001b[2J","figures":{}}]}',
    "its fields are others",
  ],
  [
    "a figure that is no number",
    '{"format":1,"versions":{},"checks":[{"verdict":"held","figures":{"lost":"secret"}}]}',
    "its fields are others",
  ],
])("a baseline with %s is refused, and the error quotes nothing of it", (_, text, why) => {
  expect(() => parseBaseline(text, "last.json")).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_PROVE_BASELINE",
      message: `last.json is no report of sockact prove: ${why}`,
    }) as Error,
  );
});

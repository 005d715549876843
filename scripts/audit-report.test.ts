import { expect, it } from "vitest";
import { vulnerabilitiesIn, whyNotAsked } from "./lib/audit-report.ts";

const advisory = { title: "It burns", url: "https://example.org/1" };
const report = {
  vulnerabilities: {
    helper: { severity: "low", range: "<2", via: [advisory] },
    tool: { severity: "low", range: "<3", via: [advisory] },
    runner: { severity: "moderate", range: "*", via: ["tool", advisory] },
  },
};

it("counts a low vulnerability only in what users install, and a moderate one everywhere", () => {
  expect(vulnerabilitiesIn(report, new Set(["helper"]))).toEqual([
    "helper <2, low: It burns (https://example.org/1)",
    "runner *, moderate: by tool; It burns (https://example.org/1)",
  ]);
});

it("tells a registry that refused from one that knows nothing", () => {
  expect(whyNotAsked({ vulnerabilities: {} })).toBeUndefined();
  expect(whyNotAsked({ message: "405 Method Not Allowed", error: { summary: "" } })).toBe(
    "405 Method Not Allowed",
  );
  expect(whyNotAsked({ error: { summary: "no lockfile" } })).toBe("no lockfile");
});

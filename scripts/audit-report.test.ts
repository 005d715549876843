import { expect, it } from "vitest";
import { advisoriesIn, whyNotAsked } from "./lib/audit-report.ts";

function advisory(
  severity: string,
  id = "GHSA-1",
): { title: string; url: string; severity: string; range: string } {
  return { title: "It burns", url: `https://github.com/advisories/${id}`, severity, range: "<2" };
}

const report = {
  vulnerabilities: {
    helper: { via: [advisory("low")] },
    tool: { via: [advisory("low")] },
    runner: { via: ["tool", advisory("low"), advisory("moderate")] },
    fastify: { via: [advisory("high", "GHSA-jx2c-rxcm-jvmq")] },
  },
};

it("counts a low advisory only in what users install, and a moderate one everywhere", () => {
  expect(advisoriesIn(report, new Set(["helper"]))).toEqual([
    "helper <2, low: It burns (https://github.com/advisories/GHSA-1)",
    "runner <2, moderate: It burns (https://github.com/advisories/GHSA-1)",
  ]);
});

it("counts an advisory that we have accepted only in what users install", () => {
  expect(advisoriesIn(report, new Set(["fastify"]))).toContain(
    "fastify <2, high: It burns (https://github.com/advisories/GHSA-jx2c-rxcm-jvmq)",
  );
});

it("tells a registry that refused from one that knows nothing", () => {
  expect(whyNotAsked({ vulnerabilities: {} })).toBeUndefined();
  expect(whyNotAsked({ message: "405 Method Not Allowed", error: { summary: "" } })).toBe(
    "405 Method Not Allowed",
  );
  expect(whyNotAsked({ error: { summary: "no lockfile" } })).toBe("no lockfile");
});

// A report in which each value of the app is hostile to every format.
import type { Findings } from "../src/formats/sentences.ts";
import type { Check } from "../src/report.ts";

/** What a terminal, XML, HTML, Markdown or GitHub would take for its own. */
const HOSTILE =
  "\u001B]0;mine\u0007\u001B[31m ]]> </testsuite> <img src=x onerror=alert(1)> &lt; \"' | ` `` @octocat #123 https://evil.example [x](y) **b** \u0000\u0008\uFFFF\uD800\u202E\r\n::error::x";

const check = (id: Check["id"], values: Partial<Check> = {}): Check => ({
  id,
  verdict: "held",
  figures: {},
  causes: [],
  seconds: 1.25,
  ...values,
});

const exit = {
  code: "SOCKACT_PROVE_EXIT",
  details: { open: 3 },
  places: [
    { file: "src/server.js", line: 41, column: 11 },
    { file: "src/stop.js", line: 7, column: 3 },
  ],
};

/** As an app has it that calls `process.exit()` in its handler of SIGTERM. */
export const brokenFindings: Findings = {
  report: {
    format: 1,
    app: "shop",
    target: "server.js",
    versions: { sockact: "1.2.3", node: "22.1.0", systemd: 257 },
    held: false,
    checks: [
      check("start", { figures: { start: 184.4 } }),
      check("answer"),
      check("exposure", { figures: { score: 1.1 } }),
      check("stop", { verdict: "broken", figures: { stop: 42 }, causes: [exit] }),
      check("restart", {
        verdict: "broken",
        figures: { requests: 1204, lost: 12, resets: 9, longest: 1234, restarts: 3 },
        causes: [exit],
      }),
      check("reload", { verdict: "absent", reason: "noReload" }),
      check("sleep", { figures: { wake: 210, wakeRatio: 1.14 } }),
      check("journal", { verdict: "broken", figures: { lines: 0 } }),
    ],
    seconds: 61.6,
  },
  budget: [
    { figure: "wake", limit: 300, value: 210, held: true },
    { figure: "lost", limit: 0, value: 12, held: false },
    { figure: "descriptors", limit: 2, held: false },
  ],
  changes: [
    { what: "verdict", check: "stop", before: "held", now: "broken" },
    { what: "figure", figure: "wakeRatio", before: 1.1, now: 1.6 },
  ],
};

/** The same with nothing to change. */
export const goodFindings: Findings = {
  report: {
    ...brokenFindings.report,
    held: true,
    checks: brokenFindings.report.checks.filter(({ verdict }) => verdict !== "broken"),
  },
  budget: [],
};

/** With hostile names, paths, messages and codes. */
export const hostileFindings: Findings = {
  ...brokenFindings,
  report: {
    ...brokenFindings.report,
    app: HOSTILE,
    target: HOSTILE,
    checks: [
      check("reload", { verdict: "untried", reason: HOSTILE }),
      check("leak", { verdict: "broken", problem: HOSTILE }),
      check("sandbox", {
        verdict: "broken",
        causes: [
          {
            code: "SOCKACT_PROVE_WRITE",
            details: { path: HOSTILE, code: HOSTILE },
            places: [{ file: HOSTILE, line: 1, column: 1 }],
          },
          { code: HOSTILE, details: { message: HOSTILE, hint: HOSTILE }, places: [] },
          { code: "SOCKACT_PROVE_CRASH", details: { message: "x".repeat(5000) }, places: [] },
        ],
      }),
    ],
  },
};

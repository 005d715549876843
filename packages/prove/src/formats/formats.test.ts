import { createRequire } from "node:module";
import { stripVTControlCharacters, styleText } from "node:util";
import Ajv from "ajv-draft-04";
import formats from "ajv-formats";
import MarkdownIt from "markdown-it";
import { SaxesParser } from "saxes";
import { describe, expect, it, test } from "vitest";
import { brokenFindings, goodFindings, hostileFindings } from "../../test/example-findings.ts";
import { CAUSES } from "../causes.ts";
import { CAUSE_WORDS } from "./cause-words.ts";
import { fill } from "./fill.ts";
import { formatFindings, parseOutput } from "./formats.ts";
import { causeText } from "./sentences.ts";
import { formatText } from "./text.ts";

const plain = { code: (text: string) => text, value: (text: string) => text };
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\u0009\u000B-\u001F\u007F-\u009F\u202E\uD800-\uDFFF]/u;

describe("text", () => {
  it("has a line for each check, then what breaks each promise, and once what to change", () => {
    expect(formatFindings("text", brokenFindings, "")).toBe(`\
held     start     ready after 184 ms
held     answer    Each request gets the expected status.
held     exposure  exposure 1.1 of 10
broken   stop      ended after 42 ms
broken   restart   12 of 1,204 requests lost in 3 restarts, 9 connections cut,
                   longest wait 1.2 s
absent   reload    its unit has no ExecReload=, and no handover
held     sleep     wakes in 210 ms, 1.1 times its start
broken   journal   0 lines each minute while nobody asks

broken: stop
  A stop ends it by itself and soon, after the responses that are under way.
  SOCKACT_PROVE_EXIT
  It calls process.exit() at a stop, while 3 responses are under way.
    src/server.js:41
    src/stop.js:7
  why  The clients of these responses get a reset connection.
  fix  Remove the call, and the handler of the signal if it does nothing else:
       sockact finishes the responses, and then ends the process. Move your own
       steps at a stop into onStop.

broken: restart
  Restarts under load lose no request, cut no connection, and no client waits
  after them.
  SOCKACT_PROVE_EXIT src/server.js:41, as above

broken: journal
  The journal keeps all lines that it writes.
  No cause was found in what the app does.

Budget
  time to wake it: 210 ms, within the budget of 300 ms
  lost requests: 12, over the budget of 0
  more descriptors after 100 cycles: not measured, the budget is 2

Since the baseline
  stop: held, now broken
  time to wake it, against its start: 1.1 times, now 1.6 times

shop: 4 of 7 promises hold, 1 over budget, 1 with a budget not measured.
62 s, sockact 1.2.3, Node 22.1.0, systemd 257
`);
  });

  it("fits into the width, and has no control characters but its own colors", () => {
    const color = (style: Parameters<typeof styleText>[0], text: string) =>
      styleText(style, text, { validateStream: false });
    for (const findings of [brokenFindings, hostileFindings]) {
      const text = formatText(findings, { width: 60, color });
      const bare = formatText(findings, { width: 60, color: (_, one) => one });
      expect(stripVTControlCharacters(text)).toBe(bare);
      expect(bare).not.toMatch(CONTROLS);
    }
    const lines = stripVTControlCharacters(formatText(brokenFindings, { width: 60, color })).split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
  });
});

test("JSON is the report, with the budget and what has changed", () => {
  const text = formatFindings("json", hostileFindings, "");
  const { report, budget, changes } = hostileFindings;
  expect(JSON.parse(text)).toEqual({ ...report, budget, changes });
  expect(text).not.toMatch(CONTROLS);
});

describe("JUnit XML", () => {
  interface Element {
    name: string;
    attributes: Record<string, string>;
    text: string;
  }

  /** The elements of a document. The parser throws for what XML does not permit. */
  function elementsIn(xml: string): Element[] {
    const elements: Element[] = [];
    const parser = new SaxesParser();
    parser.on("error", (error) => {
      throw error;
    });
    parser.on("opentag", ({ name, attributes }) => elements.push({ name, attributes, text: "" }));
    parser.on("text", (text) => {
      const last = elements.at(-1);
      if (last !== undefined) last.text += text;
    });
    parser.write(xml).close();
    return elements;
  }

  const countOf = (elements: Element[], wanted: string) =>
    elements.filter(({ name }) => name === wanted).length;

  it.each([
    ["broken", brokenFindings],
    ["hostile", hostileFindings],
    ["good", goodFindings],
  ])("counts what it has: %s", (_, findings) => {
    const elements = elementsIn(formatFindings("junit", findings, ""));
    const [, { attributes: suite }] = elements as [Element, Element];
    expect({
      tests: Number(suite["tests"]),
      failures: Number(suite["failures"]),
      skipped: Number(suite["skipped"]),
    }).toEqual({
      tests: countOf(elements, "testcase"),
      failures: countOf(elements, "failure"),
      skipped: countOf(elements, "skipped"),
    });
    expect(countOf(elements, "testcase")).toBe(findings.report.checks.length + findings.budget.length);
  });

  it("a failure says what to change, and where", () => {
    const elements = elementsIn(formatFindings("junit", brokenFindings, ""));
    expect(elements.find(({ name }) => name === "failure")).toEqual({
      name: "failure",
      attributes: {
        type: "SOCKACT_PROVE_EXIT",
        message: "It calls process.exit() at a stop, while 3 responses are under way.",
      },
      text: expect.stringMatching(/ {2}at src\/server\.js:41\n[^]*\nRemove the call/) as string,
    });
  });
});

describe("Markdown", () => {
  const render = (markdown: string) => new MarkdownIt({ html: true, linkify: true }).render(markdown);

  it("is a table, then what to change", () => {
    const html = render(formatFindings("markdown", brokenFindings, ""));
    expect(html).toContain(
      "<td>12 of 1,204 requests lost in 3 restarts, 9 connections cut, longest wait 1.2 s</td>",
    );
    expect(html.match(/<tr>/g)).toHaveLength(1 + 8 + 3);
    expect(html).toContain(
      '<a href="https://sockact.github.io/sockact/codes/SOCKACT_PROVE_EXIT"><code>SOCKACT_PROVE_EXIT</code></a> at <code>src/server.js:41</code>: It calls <code>process.exit()</code> at a stop',
    );
    expect(html).toContain("<li>stop: held, now broken</li>");
  });

  it("has the strings of the app only in code, where Markdown does not read HTML, mentions or links", () => {
    const markdown = formatFindings("markdown", hostileFindings, "");
    expect(markdown).not.toMatch(CONTROLS);
    const html = render(markdown);
    expect(html.match(/<tr>/g)).toHaveLength(1 + 3 + 3);
    const outside = html.replaceAll(/<code>[^]*?<\/code>/g, "");
    for (const word of ["octocat", "evil", "<img", "#123", "<strong>b", "testsuite", "::error"])
      expect(outside).not.toContain(word);
    expect(html).toContain("@octocat");
  });
});

describe("SARIF", () => {
  interface Log {
    runs: { results: { ruleId: string; locations: unknown[]; relatedLocations?: unknown[] }[] }[];
  }

  it.each([brokenFindings, hostileFindings, goodFindings])(
    "is valid by the schema of SARIF 2.1.0",
    (findings) => {
      const require = createRequire(import.meta.url);
      const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json") as object;
      // One of its patterns is none with the flag u.
      const ajv = new Ajv.default({ strict: false, unicodeRegExp: false });
      formats.default(ajv);
      const validate = ajv.compile(schema);
      validate(JSON.parse(formatFindings("sarif", findings, "apps/my shop")));
      expect(validate.errors).toBeNull();
    },
  );

  it("has each cause with a place once, by its path from the root of the repository", () => {
    const log = JSON.parse(formatFindings("sarif", brokenFindings, "apps/my shop")) as Log;
    expect(log.runs[0]!.results).toHaveLength(1);
    expect(log.runs[0]!.results[0]).toMatchObject({
      ruleId: "SOCKACT_PROVE_EXIT",
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "apps/my%20shop/src/server.js" },
            region: { startLine: 41, startColumn: 11 },
          },
        },
      ],
      relatedLocations: [{ physicalLocation: { artifactLocation: { uri: "apps/my%20shop/src/stop.js" } } }],
    });
  });
});

describe("the words of a cause", () => {
  it.each(CAUSES)("%s has a sentence also if nothing is known, and what to change", (code) => {
    const { says, why, fix } = causeText({ code, details: {}, places: [] }, plain);
    for (const text of [says, why, fix])
      expect(text).toMatch(/^(?:[A-Z]|--|(?:systemd|journald|sockact) )[^]*\.$/);
    // Each value in a string is a name, with a known form.
    for (const template of CAUSE_WORDS[code].says)
      expect(template.replaceAll(/\{\w+(?::(?:ms|bytes|times|[\w ]+\|[\w ]+))?\}/g, "")).not.toMatch(/[{}]/);
  });
});

test("a string is used only if all its values are known, in their form", () => {
  const values = { count: 1, ms: 1500, bytes: 2048, ratio: 1.26, name: "x", none: 0 };
  expect(fill("{count:file|files}, {ms:ms}, {bytes:bytes}, {ratio:times}, {name}", values, plain)).toBe(
    "1 file, 1.5 s, 2.0 kB, 1.3 times, x",
  );
  expect(fill("{name:ms}", values, plain)).toBeUndefined();
  expect(fill("{other}", values, plain)).toBeUndefined();
  expect(fill("{?none}none", values, plain)).toBeUndefined();
  expect(fill("{?count}some", values, plain)).toBe("some");
});

test("a file for a format is named after it", () => {
  expect(parseOutput("junit=a=b.xml")).toEqual({ format: "junit", file: "a=b.xml" });
  expect(() => parseOutput("junti=x")).toThrow(
    expect.objectContaining({ hint: "Did you mean junit?" }) as Error,
  );
  expect(() => parseOutput("junit")).toThrow(
    expect.objectContaining({ hint: "Write --output junit=FILE." }) as Error,
  );
  expect(() => parseOutput("report.xml")).toThrow(
    'a format and a file, such as junit=report.xml; got "report.xml"',
  );
});

test.each(["text", "markdown", "junit"] as const)("%s says why a check could not go on", (format) => {
  const { report } = brokenFindings;
  const checks = [{ ...report.checks[0]!, verdict: "broken", problem: "it does not answer" } as const];
  expect(formatFindings(format, { report: { ...report, checks }, budget: [] }, "")).toContain(
    "it does not answer",
  );
});

test("a broken promise without figures is not stated", () => {
  const { report } = brokenFindings;
  const checks = [{ ...report.checks[1]!, verdict: "broken" } as const];
  expect(formatText({ report: { ...report, checks }, budget: [] }).split("\n")[0]).toBe(
    "broken   answer    does not hold: see below",
  );
});

test("a line does not end between a number and its unit", () => {
  const { report } = brokenFindings;
  const figures = { requests: 6913, lost: 5713, resets: 0, longest: 6700, restarts: 3 };
  const checks = [{ ...report.checks[0]!, id: "restart", figures } as const];
  expect(
    formatText({ report: { ...report, checks }, budget: [] })
      .split("\n")
      .slice(0, 2),
  ).toEqual([
    "held     restart   5,713 of 6,913 requests lost in 3 restarts, longest wait",
    "                   6.7 s",
  ]);
});

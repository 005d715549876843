import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { causesOf } from "./find-causes.ts";
import type { Cause, CheckId } from "./report.ts";
import type { WitnessLine } from "./witness-line.ts";

/** What the witness has recorded of an app of test/apps, at a stop and at a restart. */
const recorded = (app: string): WitnessLine[] =>
  readFileSync(new URL(`../test/recorded/${app}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as WitnessLine);

function found(app: string, id: CheckId, causes: readonly Cause[] = []): Cause[] {
  const facts = {
    lines: recorded(app),
    outcome: { verdict: "broken" },
    causes,
    folder: `/srv/${app}`,
  } as const;
  return causesOf(id, facts);
}

const brief = (causes: readonly Cause[]): string[] =>
  causes.map(
    ({ code, places: [place] }) => `${code} ${place === undefined ? "" : `${place.file}:${place.line}`}`,
  );

describe("the causes of what a witness has recorded", () => {
  test.each([
    ["guestbook", "stop", ["SOCKACT_PROVE_EXIT server.js:19"]],
    ["prices", "stop", ["SOCKACT_PROVE_CLOSE lib/stop-server.js:4"]],
    ["weather", "stop", ["SOCKACT_PROVE_OPEN server.js:11", "SOCKACT_PROVE_SIGTERM server.js:18"]],
    ["thumbnails", "stop", ["SOCKACT_PROVE_OPEN server.js:8", "SOCKACT_PROVE_SIGTERM server.js:28"]],
    ["visits", "sandbox", ["SOCKACT_PROVE_WRITE server.js:10"]],
    ["search", "start", ["SOCKACT_PROVE_SLOW search-index.js:11"]],
  ] as const)("of %s", (app, id, causes) => {
    expect(brief(found(app, id))).toEqual(causes);
  });

  test("a process that lives on comes before what it has open", () => {
    const [first, ...others] = brief(found("reports", "stop"));
    expect(first).toBe("SOCKACT_PROVE_CHILD server.js:7");
    expect(others).toEqual(["SOCKACT_PROVE_OPEN renderer.js:2", "SOCKACT_PROVE_SIGTERM renderer.js:1"]);
  });

  test("an app that never listens waits for the server that it can't reach", () => {
    const [first] = found("queue", "start");
    expect(brief([first!])).toEqual(["SOCKACT_PROVE_READY server.js:10"]);
    expect(first!.details).toEqual({ address: "127.0.0.1:5672", code: "ECONNREFUSED" });
  });

  // They end themselves when the last connection has ended, or sockact ends them.
  test.each(["hello", "nest", "shop", "workers"])("healthy %s has none", (app) => {
    expect(found(app, "stop")).toEqual([]);
    expect(found(app, "restart")).toEqual([]);
  });

  test("a worker of a cluster that was killed at the end does not live on", () => {
    const place = { file: "/srv/a/server.js", line: 6, column: 1 };
    const lines = [
      { what: "spawn", pid: 1, child: 2, command: ["node", "server.js"], places: [place] },
      { what: "process", pid: 2 },
      { what: "signal", pid: 2, signal: "SIGTERM", listeners: [] },
      { what: "exit", pid: 1, call: "exit", afterSignal: "SIGTERM", underWay: 0, places: [] },
    ];
    const of = (all: readonly WitnessLine[]): Cause[] =>
      causesOf("stop", { lines: all, outcome: { verdict: "broken" }, causes: [], folder: "/srv/a" });
    expect(of(lines)).toEqual([]);
    // A program that is not Node.
    expect(brief(of(lines.filter(({ pid }) => pid === 1)))).toEqual(["SOCKACT_PROVE_CHILD server.js:6"]);
  });

  test("details say how many, what and how long", () => {
    expect(found("thumbnails", "stop")[0]!.details).toEqual({ kind: "worker", count: 2 });
    expect(found("weather", "stop")[0]!.details).toEqual({ kind: "timer", count: 1, delay: 60_000 });
    expect(found("visits", "sandbox")[0]!.details).toEqual({
      call: "writeFile",
      path: "data/visits.json",
      code: "EROFS",
    });
  });

  test("the app's own place comes first, then its packages, without sockact", () => {
    const lines = [
      {
        what: "write",
        pid: 1,
        call: "mkdir",
        path: "/etc/x",
        code: "EROFS",
        places: [
          { file: "/srv/a/node_modules/multer/index.js", line: 4, column: 1 },
          { file: "/var/lib/sockact/a/files/register.cjs", line: 9, column: 1 },
          { file: "/srv/a/node_modules/@sockact/core/dist/index.cjs", line: 9, column: 1 },
          { file: "/srv/a/src/upload.js", line: 7, column: 3 },
        ],
      },
    ];
    const facts = { lines, outcome: { verdict: "broken" }, causes: [], folder: "/srv/a" } as const;
    expect(causesOf("sandbox", facts)[0]!.places).toEqual([
      { file: "src/upload.js", line: 7, column: 3 },
      { file: "node_modules/multer/index.js", line: 4, column: 1 },
    ]);
  });

  test("the port that the step has seen gets its place", () => {
    const place = { file: "/srv/a/admin.js", line: 8, column: 6 };
    const lines = [{ what: "listening", pid: 1, port: 9090, places: [place] }];
    const causes = [{ code: "SOCKACT_PROVE_PORT", details: { port: 9090 }, places: [] }];
    const facts = { lines, outcome: { verdict: "held" }, causes, folder: "/srv/a" } as const;
    expect(causesOf("sandbox", facts)).toEqual([{ ...causes[0], places: [{ ...place, file: "admin.js" }] }]);
  });

  test("a crash at each new start is one cause", () => {
    const places = [{ file: "/srv/a/lock.js", line: 8, column: 4 }];
    const lines = [1, 2, 3].map((pid) => ({ what: "crash", pid, code: "EEXIST", message: "exists", places }));
    const facts = { lines, outcome: { verdict: "broken" }, causes: [], folder: "/srv/a" } as const;
    expect(brief(causesOf("crash", facts))).toEqual(["SOCKACT_PROVE_CRASH lock.js:8"]);
  });

  test("a block that breaks nothing is not reported", () => {
    const place = { file: "/srv/a/keys.js", line: 3, column: 1 };
    const lines = [{ what: "block", pid: 1, ms: 900, sampled: 800, isStarting: false, places: [place] }];
    const of = (verdict: "held" | "broken") =>
      causesOf("restart", { lines, outcome: { verdict }, causes: [], folder: "/srv/a" });
    expect(of("held")).toEqual([]);
    expect(brief(of("broken"))).toEqual(["SOCKACT_PROVE_BLOCK keys.js:3"]);
  });
});

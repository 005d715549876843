import { describe, expect, it } from "vitest";
import type { AppDescription } from "../../description/app.ts";
import { emitUnits } from "../../emit/emit.ts";
import { UnitError, type UnitProblem } from "../../problems.ts";

/** A description with another value in one field of the service or, `socket.backlog`, of its socket. */
function withField(field: string, value: unknown): AppDescription {
  const [first, second] = field.split(".");
  const socket = { listen: 80, ...(second === undefined ? {} : { [second]: value }) };
  const service = second === undefined ? { [first!]: value } : {};
  const more = field === "restartMaxDelaySec" ? { restartSteps: 3, restartSec: "100ms" as const } : {};
  const notifies = field === "watchdogSec" ? { type: "notify" as const } : {};
  return {
    name: "app",
    // A stop after 30 ms is too early for Node with sockact alone.
    exec: field === "timeoutStopSec" ? ["/bin/sh"] : ["/usr/bin/node", "/srv/app/server.js"],
    ...more,
    ...notifies,
    ...service,
    sockets: [socket],
  };
}

function problemsOf(description: AppDescription): readonly UnitProblem[] {
  try {
    emitUnits(description);
    return [];
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
}

const durations = [
  ..."drainTimeout idleTimeout watchdogSec timeoutStopSec timeoutStartSec runtimeMaxSec restartSec".split(
    " ",
  ),
  ..."restartMaxDelaySec logRateLimitIntervalSec socket.keepAliveTimeSec socket.keepAliveIntervalSec".split(
    " ",
  ),
  ..."socket.deferAcceptSec socket.timeoutSec socket.pollLimitIntervalSec socket.deferTriggerMaxSec".split(
    " ",
  ),
];

describe("a number without a unit", () => {
  it.each(durations)("is refused as %s, and the hint has each reading that makes sense", (field) => {
    for (const value of [30, "30", 1.5]) {
      const problems = problemsOf(withField(field, value));
      expect(problems).toMatchObject([
        {
          code: "SOCKACT_ERR_UNIT_DURATION",
          // A wait before a restart, or between pings, is never so few milliseconds.
          hint: /^restart|^watchdog/.test(field)
            ? `write '${value}s'`
            : `write '${value}s' for seconds, or '${value}ms' for milliseconds`,
        },
      ]);
    }
  });

  it.each(durations)("that is 0 is taken as %s, if it means something there", (field) => {
    const refused = problemsOf(withField(field, 0)).filter(({ message }) => message.includes("duration"));
    expect(refused).toEqual([]);
  });

  it.each([-1, NaN, Infinity, 1e12, "ten"])(
    "that no unit would make a duration, %s, has an example",
    (value) => {
      expect(problemsOf(withField("restartSec", value))[0]!.hint).toBe(
        "write a number with its unit: '2s', '5min'",
      );
    },
  );
});

describe("an amount of memory", () => {
  const fields = ["memoryLow", "memoryHigh", "memoryMax", "memorySwapMax"];
  it.each(fields)("that makes no sense is refused as %s", (field) => {
    for (const value of [512, "512", 1_048_575]) {
      expect(problemsOf(withField(field, value))).toMatchObject([
        {
          code: "SOCKACT_ERR_UNIT_NUMBER",
          path: field,
          message: `${JSON.stringify(value)} is ${value} bytes: no service runs with so little memory`,
          hint: `write '${value}M' for mebibytes${value === 1_048_575 ? `, or '${value}K' for kibibytes` : ""}`,
        },
      ]);
    }
  });

  it.each(fields)("that a service can use is taken as %s", (field) => {
    for (const value of [20_971_520, "512M", "32768K", "10%", "infinity"])
      expect(problemsOf(withField(field, value))).toEqual([]);
  });

  it("may be 0 where none at all is meant", () => {
    for (const field of ["memoryLow", "memorySwapMax"]) expect(problemsOf(withField(field, 0))).toEqual([]);
  });
});

describe("a buffer of a socket", () => {
  it.each(["socket.receiveBuffer", "socket.sendBuffer"])("that makes no sense is refused as %s", (field) => {
    for (const value of [64, "64"]) {
      expect(problemsOf(withField(field, value))).toMatchObject([
        { code: "SOCKACT_ERR_UNIT_NUMBER", hint: "write '64M' for mebibytes, or '64K' for kibibytes" },
      ]);
    }
    for (const value of [0, 1024, "64K"]) expect(problemsOf(withField(field, value))).toEqual([]);
  });
});

describe("what every hint on a number proposes", () => {
  it.each<[string, unknown]>([
    ...durations.map((field): [string, unknown] => [field, 30]),
    ["memoryMax", 512],
    ["memoryMax", 999_999],
    ["memoryLow", "0512"],
    ["socket.receiveBuffer", 64],
    ["limitNOFILE", 1],
    ["limitMEMLOCK", 64],
    ["tasksMax", 1],
  ])("is taken: %s = %j", (field, value) => {
    const [problem] = problemsOf(withField(field, value));
    const proposed = [...problem!.hint.matchAll(/'([^']+)'/g)].map(([, text]) => text);
    expect(proposed).not.toEqual([]);
    for (const text of proposed) expect(problemsOf(withField(field, text))).toEqual([]);
  });
});

describe("a limit that no program can run under", () => {
  it.each<[string, unknown, RegExp, string?]>([
    ["limitNOFILE", 0, /a program needs more files/],
    ["limitNOFILE", "4:524288", /a program needs more files/],
    ["limitNOFILE", 17, /Node needs more files/, "limit-low"],
    ["limitMEMLOCK", 64, /64 bytes/],
    ["tasksMax", 1, /Node/, "limit-low"],
    ["tasksMax", 5, /Node/, "limit-low"],
    ["memoryMax", "10M", /Node/, "limit-low"],
    ["memoryHigh", "19M", /Node/, "limit-low"],
  ])("is refused: %s = %j", (field, value, message, finding) => {
    const code = finding === undefined ? "SOCKACT_ERR_UNIT_NUMBER" : "SOCKACT_ERR_UNIT_LINT";
    const [problem, ...others] = problemsOf(withField(field, value));
    expect(problem).toMatchObject({ code, path: field, message: expect.stringMatching(message) });
    expect(problem?.finding).toBe(finding);
    expect(others).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["limitNOFILE", 64],
    ["limitNOFILE", "infinity"],
    ["limitMEMLOCK", 0],
    ["limitMEMLOCK", "64K"],
    ["limitCORE", 1],
    ["tasksMax", 32],
    ["memoryMax", "20M"],
    ["memoryHigh", "1%"],
    ["timeoutStartSec", "100ms"],
  ])("is taken where one can: %s = %j", (field, value) => {
    expect(problemsOf(withField(field, value))).toEqual([]);
  });

  it.each(["timeoutStartSec", "watchdogSec"])("is refused for a service that notifies: %s", (field) => {
    expect(problemsOf({ ...withField(field, "100ms"), type: "notify" })).toMatchObject([
      { finding: "limit-low", path: field, message: expect.stringMatching(/=100ms: /) },
    ]);
  });

  it("of five tasks is taken if Node has smaller pools of threads", () => {
    for (const more of [
      { environment: { UV_THREADPOOL_SIZE: "1" } },
      { exec: ["/usr/bin/node", "--v8-pool-size=0", "/srv/app/server.js"] },
    ])
      expect(problemsOf({ ...withField("tasksMax", 5), ...more })).toEqual([]);
  });

  it("of one task and a few files is taken for a program that is not Node", () => {
    const description = { ...withField("tasksMax", 1), limitNOFILE: 8, exec: ["/usr/bin/cat"] };
    expect(problemsOf(description)).toEqual([]);
  });
});

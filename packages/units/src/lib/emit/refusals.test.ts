import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description.ts";
import { emitUnits } from "./emit.ts";
import { UnitError } from "../read/problems.ts";

const whole: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  description: "Shop",
  documentation: ["man:shop(8)"],
  user: "shop",
  group: "shop",
  workingDirectory: "/srv/shop",
  environment: { NODE_ENV: "production" },
  readWritePaths: ["/srv/shop/data"],
  requires: ["a.service"],
  wants: ["b.service"],
  after: ["c.service"],
  wantedBy: ["multi-user.target"],
  type: "exec",
  restart: "always",
  restartSec: "2s",
  hardening: "inbound",
  sockets: [
    { listen: 80, name: "http", description: "HTTP" },
    {
      listen: "/run/shop.sock",
      listenDatagram: "[::1]:80",
      name: "api",
      bindToDevice: "eth0",
      socketMode: "0660",
      socketUser: "shop",
      socketGroup: "shop",
      directoryMode: "0755",
      bindIPv6Only: "both",
      deferAcceptSec: "2s",
    },
  ],
};

/** The description with another value at a path such as `sockets[1].listen`. */
function changed(path: string, value: unknown, from = whole): AppDescription {
  const description = structuredClone(from);
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  const last = steps.pop()!;
  let place = description as unknown as Record<string, unknown>;
  for (const step of steps) place = place[step] as Record<string, unknown>;
  place[last] = value;
  return description;
}

function refusal(description: unknown): UnitError {
  try {
    emitUnits(description as AppDescription);
  } catch (error) {
    if (error instanceof UnitError) return error;
    throw error;
  }
  throw new Error("It was taken.");
}

describe("a description that cannot be written", () => {
  it.each<[string, unknown, string, RegExp]>([
    ["name", undefined, "MISSING", /missing/],
    ["name", "my shop", "NAME", /not the name of a unit/],
    ["name", "shop.service", "NAME", /suffix/],
    ["name", "shop@", "NAME", /template/],
    ["name", "@shop", "NAME", /begins with @/],
    ["name", ".shop", "NAME", /begins with \./],
    ["name", "a".repeat(248), "LENGTH", /256 characters/],
    ["exec", undefined, "MISSING", /missing/],
    ["exec", [], "MISSING", /empty array/],
    ["exec", "/usr/bin/node", "TYPE", /not an array/],
    ["exec[0]", "node", "PATH", /not an absolute path/],
    ["exec[0]", "./node", "PATH", /not an absolute path/],
    ["exec[0]", "-/usr/bin/node", "PATH", /not an absolute path/],
    ["exec[0]", "/usr/bin/", "PATH", /folder/],
    ["exec[0]", "/usr/it's/node", "PATH", /quote/],
    ["exec[0]", "/usr/back\\slash", "PATH", /quote, a backslash/],
    ["exec[0]", "/usr/new\nline", "PATH", /control character/],
    ["exec[0]", "/usr/../node", "PATH", /holds \.\./],
    ["exec[1]", "a\0b", "TEXT", /NUL/],
    ["exec[1]", "\ud800", "TEXT", /surrogate/],
    ["exec[1]", "\ufffe", "TEXT", /no character/],
    ["exec[1]", 3000, "TYPE", /3000 is not a string/],
    ["sockets", undefined, "MISSING", /missing/],
    ["sockets", [], "MISSING", /empty array/],
    ["sockets[0]", 80, "TYPE", /80 is not an object/],
    ["sockets[0].listen", undefined, "MISSING", /listens on nothing/],
    ["sockets[0].listen", [], "MISSING", /empty array/],
    ["sockets[0].listen", 0, "ADDRESS", /port is 0/],
    ["sockets[0].listen", 65_536, "ADDRESS", /port is 65536/],
    ["sockets[0].listen", 80.5, "ADDRESS", /not an address|not an IP address/],
    ["sockets[0].listen", "localhost:80", "ADDRESS", /looks no names up/],
    ["sockets[0].listen", "/run/a\nExecStart=x", "TEXT", /control character/],
    ["sockets[0].listen", "/run/shop.sock", "REPEATED", /has already/],
    ["sockets[0].listen", "/run/app\\", "TEXT", /backslash/],
    ["sockets[0].name", "api", "REPEATED", /has already/],
    ["sockets[0].name", undefined, "MISSING", /missing/],
    ["sockets[0].name", "a:b", "NAME", /file descriptor/],
    ["sockets[0].name", "a\\b", "NAME", /file descriptor/],
    ["sockets[0].name", "é", "NAME", /file descriptor/],
    ["sockets[0].name", "a".repeat(256), "NAME", /file descriptor/],
    ["sockets[0].name", "a".repeat(250), "LENGTH", /characters/],
    ["sockets[0].name", "connection", "NAME", /meaning/],
    ["sockets[0].noDelay", "yes", "TYPE", /not a boolean/],
    ["sockets[0].backlog", -1, "NUMBER", /not a count/],
    ["sockets[0].bindIPv6Only", "v6", "CHOICE", /choices/],
    ["sockets[0].socketMode", 0o660, "TYPE", /not a string/],
    ["sockets[0].socketMode", "0680", "NUMBER", /access mode/],
    ["sockets[0].bindToDevice", "../eth0", "NAME", /interface/],
    ["sockets[0].nodelay", true, "FIELD", /not a field/],
    ["description", "two\nlines", "TEXT", /control character/],
    ["description", "carriage\rreturn", "TEXT", /control character/],
    ["description", "back\\", "TEXT", /backslash/],
    ["description", " space", "TEXT", /space/],
    ["description", "", "TEXT", /empty/],
    ["documentation", ["a b"], "ADDRESS", /URI/],
    ["user", "my user", "NAME", /user or group/],
    ["user", "65535", "NAME", /user or group/],
    ["workingDirectory", "srv", "PATH", /absolute/],
    ["workingDirectory", "/srv/shop ", "TEXT", /space/],
    ["workingDirectory", "~", "PATH", /absolute/],
    ["workingDirectory", "/tmp/shop", "CONFLICT", /temporary folders/],
    ["exec[0]", "/var/tmp/shop", "CONFLICT", /temporary folders/],
    ["environment", ["A=1"], "TYPE", /not an object/],
    ["environment.PORT", 3000, "TYPE", /not a string/],
    ["environment.1A", "x", "VARIABLE", /name of a variable/],
    ["environment.LISTEN_FDS", "1", "VARIABLE", /set by systemd/],
    ["readWritePaths", ["data"], "PATH", /absolute/],
    ["after", "a.service", "TYPE", /not an array/],
    ["after", ["postgresql"], "NAME", /not the name of a unit/],
    ["after", ["postgresql@.service"], "NAME", /template/],
    ["after", ["a.service b.service"], "NAME", /not the name of a unit/],
    ["environment.SOCKACT_IDLE_TIMEOUT", "5min", "VARIABLE", /field of its own/],
    ["environment.SOCKACT_DRAIN_TIMEOUT", "5s", "VARIABLE", /field of its own/],
    ["restartSec", "10", "DURATION", /not a duration/],
    ["restartSec", "infinity", "DURATION", /not a duration/],
    ["drainTimeout", "10", "DURATION", /not a duration/],
    ["drainTimeout", Infinity, "DURATION", /not a duration/],
    ["timeoutStopSec", "soon", "DURATION", /not a duration/],
    ["watchdogSec", "30s", "CONFLICT", /does not notify: its type is exec/],
    ["notifyAccess", "main", "CONFLICT", /does not notify/],
    ["openFile", true, "CONFLICT", /does not notify/],
    ["rolling", "yes", "TYPE", /not a boolean/],
    ["rolling", true, "CONFLICT", /"exec" does not tell when the new instance is ready/],
    ["restart", "sometimes", "CHOICE", /choices/],
    ["type", "forking", "CHOICE", /choices/],
    ["hardening", "max", "CHOICE", /choices/],
    ["hardning", "none", "FIELD", /not a field/],
    ["description", null, "TYPE", /null is not a string/],
  ])("names %s = %j", (path, value, code, message) => {
    const { problems } = refusal(changed(path, value));
    expect(problems).toMatchObject([{ code: `ERR_UNIT_${code}`, message: expect.stringMatching(message) }]);
    expect(problems[0]!.hint).not.toBe("");
  });

  it.each<[string, Partial<AppDescription>, string, string, RegExp]>([
    [
      "a kill before the drain ends",
      { drainTimeout: "30s", timeoutStopSec: "30s" },
      "timeoutStopSec",
      "CONFLICT",
      /cut requests/,
    ],
    [
      "a kill of an endless drain",
      { drainTimeout: "infinity", timeoutStopSec: "1h" },
      "timeoutStopSec",
      "CONFLICT",
      /cut requests/,
    ],
    [
      "a service that never sleeps",
      { idleTimeout: "5min", restart: "always" },
      "restart",
      "CONFLICT",
      /put to sleep/,
    ],
    [
      "a restart after each sleep",
      { idleTimeout: "5min", restart: "on-success" },
      "restart",
      "CONFLICT",
      /put to sleep/,
    ],
    ["no time to be idle", { idleTimeout: 0, restart: "no" }, "idleTimeout", "DURATION", /no time/],
    [
      "a watchdog with no type",
      { watchdogSec: 1000, type: undefined },
      "watchdogSec",
      "CONFLICT",
      /its type is simple/,
    ],
    [
      "an instance that rolls",
      { rolling: true, type: "notify", name: "shop@blue" },
      "name",
      "CONFLICT",
      /instance/,
    ],
    [
      "a name too long for green",
      { rolling: true, type: "notify", name: "a".repeat(242) },
      "name",
      "LENGTH",
      /256 characters/,
    ],
  ] as [string, Partial<AppDescription>, string, string, RegExp][])(
    "contradicts itself with %s",
    (_, fields, path, code, message) => {
      const { problems } = refusal({ ...whole, ...fields });
      expect(problems).toMatchObject([
        { code: `ERR_UNIT_${code}`, path, message: expect.stringMatching(message) },
      ]);
      expect(problems[0]!.hint).not.toBe("");
    },
  );

  it.each([
    ["notifyAccess", "none", /choices/],
    ["openFile", "notify", /not a boolean/],
  ])("that notifies names %s = %j", (path, value, message) => {
    const { problems } = refusal({ ...whole, type: "notify", [path]: value });
    expect(problems).toMatchObject([{ path, message: expect.stringMatching(message) }]);
  });

  it("may stop as late as it likes, and sleep where a crash alone restarts it", () => {
    const taken: Partial<AppDescription>[] = [
      { drainTimeout: "30s", timeoutStopSec: "31s" },
      { drainTimeout: "infinity", timeoutStopSec: "infinity" },
      { idleTimeout: "5min", restart: "on-failure" },
      { openFile: false },
    ];
    for (const fields of taken) expect(() => emitUnits({ ...whole, ...fields })).not.toThrow();
  });

  it("is told all that is wrong with it at once", () => {
    const error = refusal({
      name: "my shop",
      exec: ["node"],
      restartSec: "10",
      sockets: [
        { listen: 0, name: "a" },
        { listen: "localhost:80", name: "a" },
      ],
    });
    expect(error).toMatchObject({ name: "UnitError", code: "ERR_UNIT_DESCRIPTION" });
    expect(error.problems.map(({ path }) => path)).toEqual([
      "name",
      "exec[0]",
      "restartSec",
      "sockets[0].listen",
      "sockets[1].listen",
      "sockets[1].name",
    ]);
    expect(error.message.split("\n")).toHaveLength(6);
    expect(error.hint.split("\n")).toHaveLength(6);
  });

  it("names the field that was meant", () => {
    expect(refusal(changed("Restart", "always")).hint).toBe("Restart: write restart");
    expect(refusal(changed("sockets[0].ListenStream", 80)).hint).toBe(
      "sockets[0].ListenStream: write listen",
    );
  });

  it("may be no object at all", () => {
    for (const value of [undefined, null, "shop", []])
      expect(refusal(value).problems[0]!.path).toBe("description");
  });

  it("may have more in a line than systemd reads", () => {
    const longest = 1_048_575 - "ExecStart=/usr/bin/node ".length;
    expect(() => emitUnits(changed("exec[1]", "a".repeat(longest)))).not.toThrow();
    expect(refusal(changed("exec[1]", "a".repeat(longest + 1))).message).toBe(
      "shop.service ExecStart=: the line has 1048576 bytes",
    );
  });
});

describe("any text in any field", () => {
  /** What systemd takes for lines: a carriage return or NUL ends one too, and a backslash at the end joins two. */
  const shape = (description: AppDescription) =>
    Object.entries(emitUnits(description)).map(([file, text]) => {
      expect(file).toMatch(/^[A-Za-z0-9:_.@\\-]+\.(?:socket|service|container)$/);
      return text
        .replace(/\\(?:\r\n|\n|\r)/g, " ")
        .split(/\r\n|[\n\r\0]/)
        .map((line) => /^[^=]*/.exec(line)![0]);
    });
  const sleepy: AppDescription = {
    ...whole,
    type: "notify",
    restart: "on-failure",
    drainTimeout: "1s",
    idleTimeout: "1s",
    timeoutStopSec: "1h",
    watchdogSec: "1s",
  };
  const harmless = shape(sleepy);
  const fields = [
    ..."name exec[0] exec[1] description documentation[0] user group workingDirectory environment.NODE_ENV".split(
      " ",
    ),
    ..."readWritePaths[0] requires[0] wants[0] after[0] wantedBy[0] restartSec".split(" "),
    ..."drainTimeout timeoutStopSec idleTimeout watchdogSec".split(" "),
    ..."listen listenDatagram name description bindToDevice socketMode socketUser socketGroup directoryMode deferAcceptSec"
      .split(" ")
      .map((field) => `sockets[1].${field}`),
  ];
  const characters = fc.oneof(
    fc.constantFrom(..."\n\r\0\\\"'%$;#[]=: \t/@.a1s".split("")),
    fc.constantFrom(
      "\n[Service]\nUser=root\n",
      "\\\n",
      "\u0085",
      "\u2028",
      "\ufffe",
      "\ud800",
      "%n",
      "${HOME}",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  const text = fc
    .tuple(
      fc.constantFrom("", "/", "@", "/srv/", "a", "man:", "2s"),
      fc.string({ unit: characters, maxLength: 8 }),
      fc.constantFrom("", "a", ".service"),
    )
    .map((parts) => parts.join(""));

  it("is refused or stays in its own line", { timeout: 30_000 }, () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...fields), text, (field, value) => {
        const description = changed(field, value, sleepy);
        try {
          expect(shape(description)).toEqual(harmless);
          taken += 1;
        } catch (error) {
          if (!(error instanceof UnitError)) throw error;
        }
      }),
      { seed: 20_250_303, numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it("cannot come in as the name of a variable or a field", () => {
    fc.assert(
      fc.property(text, (name) => {
        fc.pre(!/^[A-Za-z_]\w*$/.test(name));
        const environment = { [name]: "x" };
        expect(refusal({ ...whole, environment }).problems).toHaveLength(1);
        const error = refusal({ ...whole, environment, [name]: "x" });
        expect(error.message.split("\n")).toHaveLength(2);
        expect(error.hint.split("\n")).toHaveLength(2);
      }),
      { seed: 20_250_304, numRuns: 500 },
    );
  });
});

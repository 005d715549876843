import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { emitUnits } from "./emit.ts";
import { UnitError } from "../problems.ts";

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

it.each([
  [[80, "127.0.0.1:80"], /ListenStream=127.0.0.1:80 conflicts with ListenStream=80/],
  [["[::]:80", "0.0.0.0:80"], /address-conflict/],
  [["0.0.0.0:80", "127.0.0.1:80"], /address-conflict/],
  [["[::]:80", "[::1]:80"], /address-conflict/],
])("%j cannot all be listened on", (listen, message) => {
  const emit = (socket: object) =>
    emitUnits({ name: "app", exec: ["/bin/sh"], sockets: [{ listen, ...socket }] });
  expect(() => emit({})).toThrow(message);
  expect(() => emit({ reusePort: true })).not.toThrow();
  const several = listen.map((one, index) => ({ name: `n${index}`, listen: one }));
  expect(() => emitUnits({ name: "app", exec: ["/bin/sh"], sockets: several })).toThrow(message);
});

it.each([[[80, "127.0.0.1:81"]], [["127.0.0.1:80", "127.0.0.2:80", "[::1]:80"]]])("%j can", (listen) => {
  const sockets = [{ listen, listenDatagram: 80 }];
  expect(() => emitUnits({ name: "app", exec: ["/bin/sh"], sockets })).not.toThrow();
});

it("a port for IPv6 only leaves the IPv4 port free", () => {
  const listen = ["[::]:80", "0.0.0.0:80"];
  const sockets = [{ listen, bindIPv6Only: "ipv6-only" as const }];
  expect(() => emitUnits({ name: "app", exec: ["/bin/sh"], sockets })).not.toThrow();
});

it.each([
  ["hardning", "write hardening"],
  ["Sockets", "write sockets"],
  ["sokets", "write sockets"],
  ["ReadWritePaths", "write readWritePaths"],
  ["usr", "write user"],
  ["prelaod", "write preload"],
  ["colour", "leave it out; write a directive without a field in raw"],
])("an unknown field, %s, gets the hint: %s", (field, hint) => {
  expect(() => emitUnits({ name: "app", exec: ["/bin/sh"], sockets: [{ listen: 80 }], [field]: 1 })).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(`${field}: ${hint}`) }),
  );
});

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
    ["exec[0]", "/usr/../node", "PATH", /contains \.\./],
    ["exec[1]", "a\0b", "TEXT", /NUL/],
    ["exec[1]", "\ud800", "TEXT", /surrogate/],
    ["exec[1]", "\ufffe", "TEXT", /noncharacter/],
    ["exec[1]", 3000, "TYPE", /3000 is not a string/],
    ["sockets", undefined, "MISSING", /missing/],
    ["sockets", [], "MISSING", /empty array/],
    ["sockets[0]", 80, "TYPE", /80 is not an object/],
    ["sockets[0].listen", undefined, "MISSING", /no address to listen on/],
    ["sockets[0].listen", [], "MISSING", /empty array/],
    ["sockets[0].listen", 0, "ADDRESS", /port is 0/],
    ["sockets[0].listen", 65_536, "ADDRESS", /port is 65536/],
    ["sockets[0].listen", 80.5, "ADDRESS", /not an address|not an IP address/],
    ["sockets[0].listen", "localhost:80", "ADDRESS", /does not look up names/],
    ["sockets[0].listen", "/run/a\nExecStart=x", "TEXT", /control character/],
    ["sockets[0].listen", "/run/shop.sock", "REPEATED", /already has/],
    ["sockets[0].listen", "/run/app\\", "TEXT", /backslash/],
    ["sockets[0].name", "api", "REPEATED", /already has/],
    ["sockets[0].name", undefined, "MISSING", /missing/],
    ["sockets[0].name", "a:b", "NAME", /file descriptor/],
    ["sockets[0].name", "a\\b", "NAME", /file descriptor/],
    ["sockets[0].name", "é", "NAME", /file descriptor/],
    ["sockets[0].name", "a".repeat(256), "NAME", /file descriptor/],
    ["sockets[0].name", "a".repeat(250), "LENGTH", /characters/],
    ["sockets[0].name", "connection", "NAME", /meaning/],
    ["sockets[0].noDelay", "yes", "TYPE", /not a boolean/],
    ["sockets[0].backlog", -1, "NUMBER", /fits/],
    ["sockets[0].pollLimitBurst", 4_294_967_295, "NUMBER", /fits/],
    ["sockets[0].bindIPv6Only", "v6", "CHOICE", /choices/],
    ["sockets[0].socketMode", 0o660, "TYPE", /not a string/],
    ["sockets[0].socketMode", "0680", "NUMBER", /access mode/],
    ["sockets[0].bindToDevice", "../eth0", "NAME", /interface/],
    ["sockets[0].bindToDevice", "all", "NAME", /interface/],
    ["sockets[0].bindToDevice", "0x1", "NAME", /interface/],
    ["sockets[0].nodelay", true, "FIELD", /not a field/],
    ["description", "two\nlines", "TEXT", /control character/],
    ["description", "carriage\rreturn", "TEXT", /control character/],
    ["description", "back\\", "TEXT", /backslash/],
    ["description", " space", "TEXT", /space/],
    ["description", "", "TEXT", /empty/],
    ["documentation", ["a b"], "ADDRESS", /URI/],
    ["user", "my user", "NAME", /user or group/],
    ["user", "65535", "NAME", /user or group/],
    ["user", "4294967296", "NAME", /user or group/],
    ["group", "a".repeat(256), "NAME", /user or group/],
    ["workingDirectory", "srv", "PATH", /absolute/],
    ["workingDirectory", "/srv/shop ", "TEXT", /space/],
    ["workingDirectory", "~", "PATH", /absolute/],
    ["workingDirectory", "/tmp/shop", "LINT", /\/tmp\/shop is in a temporary folder/],
    ["exec[0]", "/var/tmp/shop", "LINT", /\/var\/tmp\/shop is in a temporary folder/],
    ["environment", ["A=1"], "TYPE", /not an object/],
    ["environment.PORT", 3000, "TYPE", /not a string/],
    ["environment.1A", "x", "VARIABLE", /name of a variable/],
    ["environment.LISTEN_FDS", "1", "VARIABLE", /systemd sets/],
    ["readWritePaths", ["data"], "PATH", /absolute/],
    ["after", "a.service", "TYPE", /not an array/],
    ["after", ["postgresql"], "NAME", /not the name of a unit/],
    ["after", ["postgresql@.service"], "NAME", /template/],
    ["after", ["a.service b.service"], "NAME", /not the name of a unit/],
    ["environment.SOCKACT_IDLE_TIMEOUT", "5min", "VARIABLE", /fields of the description/],
    ["environment.SOCKACT_DRAIN_TIMEOUT", "5s", "VARIABLE", /fields of the description/],
    ["environment.SOCKACT_IDLE_EXIT_STATUS", "42", "VARIABLE", /fields of the description/],
    ["restartSec", "10", "DURATION", /not a duration/],
    ["restartSec", "infinity", "DURATION", /not a duration/],
    ["drainTimeout", "10", "DURATION", /not a duration/],
    ["drainTimeout", Infinity, "DURATION", /not a duration/],
    ["timeoutStopSec", "soon", "DURATION", /not a duration/],
    ["watchdogSec", "30s", "CONFLICT", /does not notify: its type is exec/],
    ["notifyAccess", "main", "CONFLICT", /does not notify/],
    ["openFile", true, "CONFLICT", /does not notify/],
    ["rolling", "yes", "TYPE", /not a boolean/],
    ["rolling", true, "CONFLICT", /with "exec" systemd does not know when the new instance is ready/],
    ["restart", "sometimes", "CHOICE", /choices/],
    ["type", "forking", "CHOICE", /choices/],
    ["hardening", "max", "CHOICE", /choices/],
    ["hardning", "none", "FIELD", /not a field/],
    ["exec[1]", { specifier: "100%" }, "TEXT", /"%" is not a specifier/],
    ["exec[1]", { specifier: "%z" }, "TEXT", /"%z" is not a specifier/],
    ["exec[1]", { specifier: 1 }, "TYPE", /not a string/],
    ["exec[1]", { variable: "A-B" }, "VARIABLE", /name of a variable/],
    ["exec[0]", { variable: "NODE" }, "TYPE", /not a string/],
    ["exec[0]", { specifier: "%n" }, "PATH", /not an absolute path/],
    ["name", { specifier: "%p" }, "TYPE", /not a string/],
    ["workingDirectory", { specifier: "%i/shop" }, "PATH", /absolute/],
    ["sockets[0].listen", { specifier: "localhost:%i" }, "ADDRESS", /does not look up names/],
    ["sockets[0].listenSequentialPacket", "127.0.0.1:80", "ADDRESS", /sequential/],
    ["sockets[0].socketProtocol", "tcp", "CHOICE", /choices/],
    ["sockets[0].ipTOS", 256, "NUMBER", /fits/],
    ["sockets[0].ipTTL", 0, "NUMBER", /fits/],
    ["sockets[0].mark", -1, "NUMBER", /fits/],
    ["sockets[0].receiveBuffer", "1 MB", "NUMBER", /not a size/],
    ["sockets[0].tcpCongestion", "cubic;", "NAME", /congestion/],
    ["sockets[0].maxConnections", 5, "CONFLICT", /without accept/],
    ["sockets[0].symlinks", "/run/link", "CONFLICT", /0 files/],
    ["sockets[1].symlinks", "/run/it's", "PATH", /quote/],
    ["sockets[1].socketProtocol", "udplite", "CONFLICT", /no sockets of this kind/],
    ["conditionPathExists", "srv", "PATH", /absolute/],
    ["conditionPathExists", [], "MISSING", /empty array/],
    ["conditionPathExists", { path: "/srv", no: true }, "FIELD", /not a field/],
    ["environmentFile", { path: "/srv", optional: "yes" }, "TYPE", /not a boolean/],
    ["environmentFile", "/srv/a\nb", "TEXT", /control character/],
    ["passEnvironment", ["A B"], "VARIABLE", /name of a variable/],
    ["standardOutput", "file", "CHOICE", /choices/],
    ["standardOutput", "append:log", "PATH", /absolute/],
    ["syslogIdentifier", "", "TEXT", /empty/],
    ["execReload", ["/bin/kill"], "TYPE", /not an array/],
    ["execReload", [["kill"]], "PATH", /not an absolute path/],
    ["execReload", [{ command: [], mayFail: true }], "MISSING", /empty array/],
    ["killSignal", "TERM", "CHOICE", /choices/],
    ["successExitStatus", [256], "NUMBER", /fits/],
    ["nice", 20, "NUMBER", /fits/],
    ["limitNOFILE", "many", "NUMBER", /not a limit/],
    ["limitNOFILE", "64K", "NUMBER", /not a limit/],
    ["limitNOFILE", "1024:512", "NUMBER", /soft limit is above/],
    ["limitCORE", "1G:512M", "NUMBER", /soft limit is above/],
    ["limitCORE", "infinity:1T", "NUMBER", /soft limit is above/],
    ["limitMEMLOCK", "9999999T", "NUMBER", /not a limit/],
    ["cpuQuota", "0%", "NUMBER", /CPU time/],
    ["cpuQuota", 50, "NUMBER", /CPU time/],
    ["memoryMax", "1 GB", "NUMBER", /memory/],
    ["memoryMax", "101%", "NUMBER", /memory/],
    ["memoryMax", "100.5%", "NUMBER", /memory/],
    ["memoryMax", 0, "NUMBER", /memory/],
    ["memoryHigh", "0%", "NUMBER", /memory/],
    ["tasksMax", -1, "NUMBER", /tasks/],
    ["tasksMax", 0, "NUMBER", /tasks/],
    ["slice", "web", "NAME", /name of a unit/],
    ["slice", "web.service", "NAME", /slice/],
    ["slice", "web@blue.slice", "NAME", /slice/],
    ["slice", "web--api.slice", "NAME", /slice/],
    ["systemd", 238, "NUMBER", /fits/],
    ["systemd", "257", "NUMBER", /fits/],
    ["manager", "root", "CHOICE", /choices/],
    ["uid", 1000, "CONFLICT", /does not belong to a user/],
    ["template", "yes", "TYPE", /not a boolean/],
    ["inetd", true, "CONFLICT", /no socket has accept/],
    ["defaultInstance", "main", "CONFLICT", /not a template/],
    ["raw", [], "TYPE", /not an object/],
    ["raw", { Service: "Slice=a" }, "TYPE", /not an object/],
    ["raw", { Socket: { PipeSize: 1 } }, "FIELD", /not a section/],
    ["raw", { Service: { Nice: 5 } }, "FIELD", /its own field/],
    ["raw", { Service: { nice: 5 } }, "FIELD", /its own field/],
    ["raw", { Service: { "A=b\n": 5 } }, "FIELD", /name of a directive/],
    ["raw", { Service: { Sockets: "a.socket" } }, "FIELD", /written by emitUnits/],
    ["raw", { Service: { StartLimitInterval: 5 } }, "FIELD", /written by emitUnits/],
    [
      "raw",
      { Service: { NonBlocking: false } },
      "CONFLICT",
      /NonBlocking=true is already written: The sockets/,
    ],
    ["raw", { Unit: { StartLimitIntervalSec: "5s" } }, "CONFLICT", /already written/],
    ["raw", { Service: { LimitRTPRIO: {} } }, "TYPE", /not a value/],
    ["raw", { Service: { LimitRTPRIO: NaN } }, "TYPE", /not a value/],
    ["raw", { Service: { LogExtraFields: ["A", "a\nb"] } }, "TEXT", /control character/],
    ["raw", { Service: { LogExtraFields: "a\\" } }, "TEXT", /backslash/],
    ["sockets[0].raw", { Socket: { Backlog: 5 } }, "FIELD", /its own field/],
    ["sockets[0].raw", { Service: { Nice: 5 } }, "FIELD", /not a section/],
    ["sockets[0].raw", { Socket: { TriggerLimitIntervalSec: 5 } }, "CONFLICT", /already written/],
    ["description", null, "TYPE", /null is not a string/],
  ])("names %s = %j", (path, value, code, message) => {
    const { problems } = refusal(changed(path, value));
    expect(problems).toMatchObject([
      { code: `SOCKACT_ERR_UNIT_${code}`, message: expect.stringMatching(message) },
    ]);
    expect(problems[0]!.hint).not.toBe("");
  });

  it.each<[string, Partial<AppDescription>, string, string, RegExp]>([
    [
      "a kill before the drain ends",
      { drainTimeout: "30s", timeoutStopSec: "30s" },
      "timeoutStopSec",
      "LINT",
      /stop-timeout: it is killed after (?:30s|1h)/,
    ],
    [
      "a kill of an endless drain",
      { drainTimeout: "infinity", timeoutStopSec: "1h" },
      "timeoutStopSec",
      "LINT",
      /stop-timeout: it is killed after (?:30s|1h)/,
    ],
    ["no time to be idle", { idleTimeout: 0, restart: "no" }, "idleTimeout", "DURATION", /not a time limit/],
    [
      "a watchdog with no type",
      { watchdogSec: "1s", type: undefined },
      "watchdogSec",
      "CONFLICT",
      /its type is exec/,
    ],
    [
      "a failure that systemd 253 never reports",
      { onFailure: ["alert.service"], systemd: 253, type: undefined, watchdogSec: undefined },
      "onFailure",
      "CONFLICT",
      /only if no restart follows/,
    ],
    [
      "a failure that RestartMode=direct hides",
      { onFailure: ["alert.service"], raw: { Service: { RestartMode: "direct" } } },
      "raw.Service.RestartMode",
      "CONFLICT",
      /never counts as failed/,
    ],
    [
      "an instance that rolls",
      { rolling: true, type: "notify", name: "shop@blue" },
      "name",
      "CONFLICT",
      /instance/,
    ],
    [
      "OpenFile= for an old systemd",
      { type: "notify", systemd: 249 },
      "type",
      "VERSION",
      /OpenFile= needs systemd 253, and this description is for systemd 249/,
    ],
    [
      "a rolling restart for an old systemd",
      { type: undefined, rolling: true, systemd: 252 },
      "rolling",
      "VERSION",
      /OpenFile=/,
    ],
    [
      "a reload",
      { type: "notify-reload", openFile: false, systemd: 252 },
      "type",
      "VERSION",
      /Type=notify-reload needs systemd 253/,
    ],
    [
      "a new field",
      { fileDescriptorStorePreserve: "yes", systemd: 253 },
      "fileDescriptorStorePreserve",
      "VERSION",
      /FileDescriptorStorePreserve= needs systemd 254/,
    ],
    [
      "steps to nowhere",
      { restartSteps: 3 },
      "restartSteps",
      "CONFLICT",
      /ignores it without restartMaxDelaySec/,
    ],
    [
      "a wait that shrinks",
      { restartSec: "10s", restartSteps: 3, restartMaxDelaySec: "5s" },
      "restartMaxDelaySec",
      "CONFLICT",
      /less than restartSec/,
    ],
    [
      "a command that runs before the credentials are there",
      { type: "simple", credentials: { key: {} }, execStartPost: [["/bin/sh"]] },
      "execStartPost",
      "CONFLICT",
      /before its credentials/,
    ],
    [
      "no connection at all",
      { restart: "no", wantedBy: undefined, sockets: [{ listen: 80, accept: true, maxConnections: 0 }] },
      "sockets[0].maxConnections",
      "NUMBER",
      /fits/,
    ],
    [
      "a new raw one",
      { raw: { Service: { BindLogSockets: true } }, systemd: 256 },
      "raw.Service.BindLogSockets",
      "VERSION",
      /257/,
    ],
    [
      "a new value of a field",
      { fileDescriptorStorePreserve: "on-success", systemd: 260 },
      "fileDescriptorStorePreserve",
      "VERSION",
      /FileDescriptorStorePreserve=on-success needs systemd 261, and this description is for systemd 260/,
    ],
    [
      "a new raw condition that asserts",
      { raw: { Unit: { AssertPathIsSocket: "/run/a" } }, systemd: 259 },
      "raw.Unit.AssertPathIsSocket",
      "VERSION",
      /AssertPathIsSocket= needs systemd 260/,
    ],
    [
      "a new raw value",
      { raw: { Service: { RestartMode: "debug" } }, systemd: 256 },
      "raw.Service.RestartMode",
      "VERSION",
      /RestartMode=debug needs systemd 257/,
    ],
    [
      "a new way to write a file",
      { standardOutput: "truncate:/log", systemd: 247 },
      "standardOutput",
      "VERSION",
      /StandardOutput=truncate: needs systemd 248/,
    ],
    [
      "a new group among system calls",
      { hardening: { profile: "inbound", systemCallFilter: ["@resources", "~@sandbox"] }, systemd: 252 },
      "hardening.systemCallFilter",
      "VERSION",
      /SystemCallFilter=@sandbox needs systemd 254, and this description is for systemd 252/,
    ],
    [
      "a new field of a socket",
      { systemd: 254, sockets: [{ listen: 80, pollLimitBurst: 1 }] },
      "sockets[0].pollLimitBurst",
      "VERSION",
      /255/,
    ],
    [
      "a specifier that is empty",
      { sockets: [{ listen: { specifier: "/run/%i.sock" } }] },
      "shop.socket ListenStream=",
      "CONFLICT",
      /instance/,
    ],
    [
      "two kinds of template",
      { type: "notify", template: true, rolling: true },
      "rolling",
      "CONFLICT",
      /share one socket/,
    ],
    ["a template of an instance", { template: true, name: "shop@blue" }, "name", "CONFLICT", /instance/],
    [
      "an instance with a space",
      { template: true, defaultInstance: "my shop" },
      "defaultInstance",
      "NAME",
      /instance/,
    ],
    [
      "an instance with a long name",
      { template: true, defaultInstance: "a".repeat(250) },
      "defaultInstance",
      "LENGTH",
      /characters/,
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
        { code: `SOCKACT_ERR_UNIT_${code}`, path, message: expect.stringMatching(message) },
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

  it.each<[string, Partial<AppDescription>, string, RegExp]>([
    ["is rolling", { type: "notify", rolling: true }, "rolling", /never replaced/],
    ["is a template besides", { template: true }, "template", /the template of its connections/],
    ["sleeps", { idleTimeout: "5min" }, "idleTimeout", /ends with its connection/],
    ["starts at boot", { wantedBy: ["multi-user.target"] }, "wantedBy", /only a connection/],
    ["starts again", { restart: "on-failure" }, "restart", /lost its connection/],
    [
      "comes by one of several sockets",
      {
        sockets: [
          { name: "a", listen: 80 },
          { name: "b", listen: 81, accept: true },
        ],
      },
      "sockets[1].accept",
      /several sockets/,
    ],
    ["is named as an instance", { name: "shop@blue" }, "name", /instance/],
  ])("cannot have a process for each connection that %s", (_, fields, path, message) => {
    const { wantedBy: _wantedBy, restart: _restart, restartSec: _restartSec, ...others } = whole;
    const { problems } = refusal({ ...others, sockets: [{ listen: 80, accept: true }], ...fields });
    expect(problems).toMatchObject([
      { code: "SOCKACT_ERR_UNIT_CONFLICT", path, message: expect.stringMatching(message) },
    ]);
  });

  it.each<[string, object, string, string]>([
    ["datagrams", { listenDatagram: 80 }, "listenDatagram", "LINT"],
    ["a socket that is emptied", { listen: 80, flushPending: true }, "flushPending", "CONFLICT"],
    ["a start that waits", { listen: 80, deferTrigger: "patient" }, "deferTrigger", "LINT"],
  ])("cannot have a process for each connection with %s", (_, socket, field, code) => {
    const description = { name: "a", exec: ["/bin/sh"], sockets: [{ accept: true, ...socket }] };
    expect(refusal(description).problems).toMatchObject([
      { code: `SOCKACT_ERR_UNIT_${code}`, path: `sockets[0].${field}` },
    ]);
  });

  it("for a user's manager names all that it cannot have", () => {
    const description = { ...whole, type: "notify", manager: "user", supplementaryGroups: ["a"] };
    expect(refusal(description).problems).toMatchObject([{ code: "SOCKACT_ERR_UNIT_MISSING", path: "uid" }]);
    const { problems } = refusal({ ...description, uid: 1000 });
    expect(problems.map(({ finding, path }) => `${finding} ${path}`)).toEqual([
      "user-not-possible sockets[1].socketUser",
      "user-not-possible sockets[1].socketGroup",
      "user-not-possible user",
      "user-not-possible group",
      "user-not-possible supplementaryGroups",
      "target-missing wantedBy",
    ]);
  });

  it("has the name that systemd-escape would give in its hint", () => {
    expect(refusal(changed("name", "@shop/web")).hint).toContain(String.raw`"\\x40shop-web"`);
  });

  it("may stop as late as it likes, and sleep whatever restarts it", () => {
    const taken: Partial<AppDescription>[] = [
      { drainTimeout: "30s", timeoutStopSec: "31s" },
      { drainTimeout: "infinity", timeoutStopSec: "infinity" },
      { idleTimeout: "5min", restart: "on-failure" },
      { idleTimeout: "5min", restart: "always" },
      { idleTimeout: "5min", restart: "on-success" },
      { openFile: false },
    ];
    for (const fields of taken) expect(() => emitUnits({ ...whole, ...fields })).not.toThrow();
  });

  it("reports all problems at once", () => {
    const error = refusal({
      name: "my shop",
      exec: ["node"],
      restartSec: "10",
      sockets: [
        { listen: 0, name: "a" },
        { listen: "localhost:80", name: "a" },
      ],
    });
    expect(error).toMatchObject({ name: "UnitError", code: "SOCKACT_ERR_UNIT_DESCRIPTION" });
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

  it("is refused if it is not an object", () => {
    for (const value of [undefined, null, "shop", []])
      expect(refusal(value).problems[0]!.path).toBe("description");
  });

  it("may have more in a line than systemd reads", () => {
    const longest = 1_048_575 - "ExecStart=/usr/bin/node ".length;
    expect(() => emitUnits(changed("exec[1]", "a".repeat(longest)))).not.toThrow();
    expect(refusal(changed("exec[1]", "a".repeat(longest + 1))).message).toBe(
      "shop.service ExecStart=: the line has 1048576 bytes; systemd reads at most 1048575: put the values in a file",
    );
  });
});

describe("any text in any field", () => {
  /**
   * What systemd takes for lines: a carriage return or NUL ends one too, and a backslash at the end joins
   * two.
   */
  const shape = (description: AppDescription) =>
    Object.entries(emitUnits(description)).map(([file, text]) => {
      if (!/^[A-Za-z0-9:_.@\\-]+\.(?:socket|service|container)$/.test(file))
        throw new Error(`A file named ${file}`);
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
    conditionPathExists: "/a",
    requiresMountsFor: "/a",
    environment: { NODE_ENV: "a", ODD: { specifier: "a" } },
    environmentFile: "/a",
    passEnvironment: ["A"],
    standardOutput: "file:/a",
    syslogIdentifier: "a",
    slice: "a.slice",
    execReload: [["/a", "a"]],
    raw: { Service: { LogExtraFields: "A=1" }, Unit: { AssertUser: { specifier: "a" } } },
    limitNOFILE: 64,
    cpuQuota: "10%",
    memoryMax: "512M",
    tasksMax: 64,
    killSignal: "SIGTERM",
    supplementaryGroups: ["a"],
    onFailure: ["a.service"],
    sockets: [
      whole.sockets[0]!,
      {
        ...whole.sockets[1],
        symlinks: "/a",
        listenSequentialPacket: "@a",
        smackLabel: "a",
        tcpCongestion: "cubic",
        receiveBuffer: "1K",
      },
    ],
  };
  const harmless = shape(sleepy);
  const fields = [
    ..."name exec[0] exec[1] description documentation[0] user group workingDirectory environment.NODE_ENV".split(
      " ",
    ),
    ..."readWritePaths[0] requires[0] wants[0] after[0] wantedBy[0] restartSec".split(" "),
    ..."conditionPathExists requiresMountsFor environmentFile passEnvironment[0] standardOutput syslogIdentifier slice".split(
      " ",
    ),
    ..."execReload[0][0] execReload[0][1] environment.ODD.specifier raw.Service.LogExtraFields raw.Unit.AssertUser.specifier".split(
      " ",
    ),
    ..."limitNOFILE cpuQuota memoryMax tasksMax killSignal supplementaryGroups[0] onFailure[0]".split(" "),
    ..."drainTimeout timeoutStopSec idleTimeout watchdogSec".split(" "),
    ..."listen listenDatagram name description bindToDevice socketMode socketUser socketGroup directoryMode deferAcceptSec symlinks listenSequentialPacket smackLabel tcpCongestion receiveBuffer"
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

  it("is refused or stays in its own line", () => {
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
      { seed: 20_250_303, numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(100);
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
      { seed: 20_250_304, numRuns: 100 },
    );
  });
});

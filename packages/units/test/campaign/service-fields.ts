import { constants, getPriority } from "node:os";
import fc from "fast-check";
import type {
  AppDescription,
  Argument,
  Command,
  Credential,
  Duration,
  Limit,
  Signal,
  Text,
} from "../../src/index.ts";
import { runsNothing } from "../../src/lib/node/runtime.ts";
import {
  apart,
  elsewhere,
  infinityForZero,
  ofInstall,
  ofUnit,
  properties,
  property,
  raw,
  type Field,
  type Fields,
} from "./field.ts";
import * as values from "./values.ts";
import type { Said } from "./values.ts";

/** Programs that the campaign puts there, since systemd-analyze complains of one that is not. */
export const programs = [
  "/bin/sh",
  "/srv/bin/node",
  "/srv/100% $mine/node é",
  "/srv/a;b #1/{x} ~\u00a0",
  "/srv/-/@+!:|",
];

/** Units that the campaign puts there, since a service cannot start without those that it requires. */
export const requiredUnits = [
  "basic.target",
  "there.service",
  "there\\x20too:1.service",
  "there-a@b\\x2fc.service",
];

/** Shown before variables are expanded: each $ that is itself is still two. */
const argument = fc.oneof<fc.MaybeWeightedArbitrary<Said<Argument, string>>[]>(
  {
    weight: 9,
    arbitrary: values.expanding(
      values.anyText.map((value) => ({ value, shown: value.replaceAll("$", "$$$$") })),
    ),
  },
  { weight: 1, arbitrary: fc.constant({ value: { variable: "HOME" }, shown: "${HOME}" }) },
);

const program = fc.oneof(
  { weight: 4, arbitrary: values.same(fc.constantFrom(...programs)) },
  {
    weight: 1,
    arbitrary: fc.constant({
      value: { specifier: "/srv/100%% $mine/node é" },
      shown: "/srv/100% $mine/node é",
    }),
  },
);

/** A command, and how its program and arguments are shown. */
const exec: fc.Arbitrary<Said<readonly Argument[], [string, string[]]>> = fc
  .tuple(program, fc.array(argument, { maxLength: 5 }))
  .map(([first, words]) => ({
    value: [first.value, ...words.map(({ value }) => value)],
    shown: [first.shown, [first.shown, ...words.map(({ shown }) => shown)]] as [string, string[]],
  }))
  // Node has to be told something to run.
  .filter(({ value }) => !runsNothing(value));

const command: fc.Arbitrary<Said<Command>> = fc
  .tuple(
    exec,
    fc.boolean(),
    fc.record({ mayFail: fc.boolean(), privileged: fc.boolean() }, { requiredKeys: [] }),
  )
  .map(([{ value, shown }, plain, flags]) =>
    plain
      ? { value, shown: [...shown, []] }
      : {
          value: { command: value, ...flags },
          shown: [
            ...shown,
            [
              ...(flags.mayFail === true ? ["ignore-failure"] : []),
              ...(flags.privileged === true ? ["privileged"] : []),
            ],
          ],
        },
  );

function commands(name: string): Field<Command[]> {
  return property(`${name}Ex`, values.list(command), []);
}

/** Less memory is refused, unless it is none. */
const MIB = 2 ** 20;

/** A variable of sockact that holds a duration. */
function durationVariable(name: string): fc.Arbitrary<{ value: Duration; shown: string[] }> {
  const text = values.span.map(({ value }) => ({
    value,
    shown: [`${name}=${value.trim().replace(/[µμ]s/g, "us")}`],
  }));
  return fc.oneof<fc.Arbitrary<{ value: Duration; shown: string[] }>[]>(
    text,
    fc.constant({ value: 0, shown: [`${name}=0s`] }),
  );
}

const environment = fc
  .tuple(
    fc.dictionary(
      fc.oneof(
        fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
        fc.constantFrom("HOME", "NODE_ENV", "NODE_OPTIONS"),
      ),
      values.expanding(values.same(values.anyText)),
      { maxKeys: 4, noNullPrototype: true },
    ),
    fc.subarray(["HOME", "NODE_ENV", "PORT"]),
  )
  .map(([said, leftOut]) => ({
    value: {
      ...(Object.fromEntries(leftOut.map((name) => [name, false])) as Record<string, false>),
      ...(Object.fromEntries(Object.entries(said).map(([name, { value }]) => [name, value])) as Record<
        string,
        Text
      >),
    },
    shown: Object.entries(said).map(([name, { shown }]) => `${name}=${shown}`),
  }));

const durationOrInfinity = fc.oneof(
  { weight: 4, arbitrary: values.duration },
  { weight: 1, arbitrary: fc.constant(values.infinity) },
);
/** A path, or an object with it and a flag. */
function flaggedPath<Flag extends string>(
  flag: Flag,
): fc.Arbitrary<Said<Text | ({ path: Text } & Partial<Record<Flag, boolean>>), [string, boolean]>> {
  return fc
    .tuple(values.expanding(values.path), fc.constantFrom(undefined, true, false))
    .map(([{ value, shown }, on]) => ({
      value:
        on === undefined ? value : ({ path: value, [flag]: on } as { path: Text } & Record<Flag, boolean>),
      shown: [shown, on === true],
    }));
}

const signals = (names: string): fc.Arbitrary<Signal> =>
  fc.constantFrom(...names.split(" ").map((name): Signal => `SIG${name}`));

const signal = signals("HUP INT QUIT USR1 USR2 ALRM TERM CONT WINCH PIPE KILL ABRT");

function numberOf(name: Signal): number {
  return constants.signals[name as keyof typeof constants.signals];
}

const byNumber = (all: fc.Arbitrary<Signal>) => all.map((value) => ({ value, shown: numberOf(value) }));

/** Statuses and signals, each in its order. */
const exitStatuses = fc.array(fc.oneof(fc.nat(255), signal), { maxLength: 4 }).map((value) => {
  const distinct = [...new Set(value)];
  const inOrder = (numbers: number[]) => numbers.toSorted((one, other) => one - other);
  return {
    value,
    shown: [
      inOrder(distinct.filter((status) => typeof status === "number")),
      inOrder(distinct.filter((status) => typeof status === "string").map(numberOf)),
    ],
  };
});

const output = fc.oneof<fc.Arbitrary<Said<string>>[]>(
  // It takes after the input, and where that is nothing becomes the journal.
  fc.constant({
    value: "inherit",
    shown: (shown: unknown) => ["inherit", "journal"].includes(shown as string),
  }),
  values.word("null", "tty", "journal", "kmsg", "journal+console", "kmsg+console", "socket"),
  fc
    .tuple(fc.constantFrom("file", "append", "truncate"), values.path)
    .map(([kind, { value }]) => ({ value: `${kind}:${value}`, shown: kind })),
);

/** One number for both limits, or the soft and the hard one. */
function limit(name: string, amounts: fc.Arbitrary<Said<number | string, number>>): Field<Limit> {
  const shown = (soft: number, hard: number) => ({ [`${name}Soft`]: soft, [name]: hard });
  const one = fc.oneof(
    { weight: 4, arbitrary: amounts },
    { weight: 1, arbitrary: fc.constant(values.infinity) },
  );
  return properties(
    fc.oneof(
      one.map((said) => ({ value: said.value, shown: shown(said.shown, said.shown) })),
      fc.tuple(one, one).map((both) => {
        const [soft, hard] = both.toSorted((first, second) => first.shown - second.shown) as typeof both;
        return { value: `${soft.value}:${hard.value}`, shown: shown(soft.shown, hard.shown) };
      }),
    ),
  );
}

function folders(name: string): Field<Text | Text[]> {
  const part = values.line(8).map((text) => text.replace(/[/:\\"']/g, "|").replace(/^\.+$/, "_"));
  const path = fc.array(part, { minLength: 1, maxLength: 2 }).map((parts) => `n${parts.join("/")}`);
  const said = fc.oneof<fc.Arbitrary<Said<Text, string>>[]>(
    values.same(path),
    fc.constant({ value: { specifier: "100%%/of%p" }, shown: "100%/of\0p" }),
  );
  return property(name, values.oneOrMore(said), []);
}

function folderMode(name: string): Field<string> {
  return property(name, values.mode, 0o755);
}

/** Credentials, and what each is in the four lists. */
const credentials = fc
  .dictionary(
    fc.stringMatching(/^[a-z][\w.@+-]{0,8}$/),
    fc.tuple(
      fc.option(
        fc.oneof(
          fc.stringMatching(/^[a-z][\w.@+-]{0,8}$/),
          values.path.map(({ shown }) => shown.replace(/[ \\]/g, "_")),
        ),
        { nil: undefined },
      ),
      fc.option(
        values.anyText.filter((text) => text !== ""),
        { nil: undefined },
      ),
      fc.constantFrom(undefined, false, true),
    ),
    { minKeys: 1, maxKeys: 3, noNullPrototype: true },
  )
  .map((said) => {
    const shown: Record<string, unknown[]> = {
      LoadCredential: [],
      LoadCredentialEncrypted: [],
      SetCredential: [],
      SetCredentialEncrypted: [],
    };
    const value: Record<string, Credential> = {};
    for (const [name, [path, text, encrypted]] of Object.entries(said)) {
      const kind = encrypted === true ? "Encrypted" : "";
      const bytes = [...Buffer.from(text ?? "")];
      if (path !== undefined || text === undefined)
        shown[`LoadCredential${kind}`]!.push([name, path ?? name]);
      if (text !== undefined) shown[`SetCredential${kind}`]!.push([name, bytes]);
      const given = encrypted === true ? Buffer.from(bytes).toString("base64") : text;
      value[name] =
        text === undefined && encrypted === undefined && path !== undefined
          ? path
          : Object.fromEntries(
              Object.entries({ path, value: text === undefined ? undefined : given, encrypted }).filter(
                ([, part]) => part !== undefined,
              ),
            );
    }
    return { value, shown };
  });

export const serviceFields: Fields<AppDescription> = {
  $schema: apart(fc.constant("node_modules/@sockact/units/dist/schema.json")),
  // Written only where a code is needed: src/lib/emit/findings.test.ts has what is refused.
  acknowledge: apart(fc.constant(["kill-mode" as const])),
  name: apart(values.stem),
  exec: property(
    "ExecStartEx",
    exec.map(({ value, shown }) => ({ value, shown: [[...shown, []]] })),
  ),
  // Filled in by `described`, which knows what several sockets need.
  sockets: apart(fc.constant([])),
  // The other ways have units of their own kind, which serve in tests of their own.
  bind: apart(fc.constant("socket" as const)),
  backend: elsewhere("test/bind.test.ts"),
  container: elsewhere("test/quadlet.test.ts: Podman's generator makes the service of it"),
  // Newer ones than this machine's, too: what they know is a superset.
  systemd: apart(fc.constantFrom(257, 258, 300)),
  manager: elsewhere("test/arrangements.test.ts and test/verify.test.ts, under a user's own manager"),
  uid: elsewhere("as manager"),
  // Filled in by `described`, which makes each kind of units.
  template: apart(fc.constant(true)),
  rolling: apart(fc.constant(true)),
  inetd: apart(fc.boolean()),
  defaultInstance: apart(fc.constantFrom("main", "a\\x2fb")),
  description: property("Description", values.expanding(values.same(values.line()))),
  documentation: property(
    "Documentation",
    values.list(
      values.expanding(
        values.same(
          fc.oneof(
            fc
              .webUrl({ validSchemes: ["http", "https"], withQueryParameters: true, withFragments: true })
              .filter((url) => !/['"\\]/.test(url)),
            fc.constantFrom("file:/etc/passwd", "man:node(1)", "info:gzip", "https://example.com/a%20b"),
          ),
        ),
      ),
    ),
    [],
  ),
  conditionPathExists: property(
    "Conditions",
    values.oneOrMore(
      flaggedPath("not").map(({ value, shown: [path, not] }) => ({
        value,
        shown: ["ConditionPathExists", false, not, path, 0],
      })),
    ),
    [],
  ),
  requiresMountsFor: property("RequiresMountsFor", values.oneOrMore(values.expanding(values.plainPath))),
  user: property("User", values.account),
  group: property("Group", values.account),
  supplementaryGroups: property("SupplementaryGroups", values.list(values.account), []),
  // What Node has by itself is in `described`.
  workingDirectory: property(
    "WorkingDirectory",
    fc.oneof<fc.Arbitrary<Said<false | Text, string>>[]>(
      fc.constant({ value: false, shown: "" }),
      values.expanding(values.path),
      values.word("/home/me/app", "/root/app"),
      fc.constant({ value: { specifier: "%h/app" }, shown: "/root/app" }),
    ),
  ),
  environment: property("Environment", environment),
  environmentFile: property("EnvironmentFiles", values.oneOrMore(flaggedPath("optional")), []),
  passEnvironment: property(
    "PassEnvironment",
    values.list(values.same(fc.stringMatching(/^[A-Za-z_]\w{0,8}$/))),
    [],
  ),
  // Where a file is, systemd shows nowhere.
  standardOutput: property("StandardOutput", output),
  standardError: property("StandardError", output),
  syslogIdentifier: property("SyslogIdentifier", values.expanding(values.same(values.line(8))), ""),
  logRateLimitIntervalSec: property("LogRateLimitIntervalUSec", values.duration, 0),
  logRateLimitBurst: property("LogRateLimitBurst", values.count(4_294_967_295), 0),
  readWritePaths: property("ReadWritePaths", values.list(values.expanding(values.path)), []),
  after: property("After", values.list(values.unitName), []),
  before: property("Before", values.list(values.unitName), []),
  wants: property("Wants", values.list(values.unitName), []),
  bindsTo: property("BindsTo", values.list(values.word(...requiredUnits)), []),
  partOf: property("PartOf", values.list(values.unitName), []),
  conflicts: property("Conflicts", values.list(values.unitName), []),
  onFailure: property("OnFailure", values.list(values.unitName), []),
  execCondition: commands("ExecCondition"),
  execStartPre: commands("ExecStartPre"),
  execStartPost: commands("ExecStartPost"),
  execReload: commands("ExecReload"),
  execStop: commands("ExecStop"),
  execStopPost: commands("ExecStopPost"),
  requires: property("Requires", values.list(values.word(...requiredUnits)), []),
  wantedBy: apart(
    fc.array(
      values.otherUnit.map(({ value }) => value),
      { maxLength: 3 },
    ),
  ),
  type: property("Type", values.word("simple", "exec", "notify", "notify-reload", "idle")),
  notifyAccess: property("NotifyAccess", values.word("main", "exec", "all")),
  openFile: apart(fc.boolean()),
  // systemd shows it of a service that runs; the test of the round trip starts one.
  watchdogSec: apart(values.duration.map(({ value }) => value)),
  drainTimeout: property<Duration | "infinity">(
    "Environment",
    fc.oneof<fc.Arbitrary<values.Said<Duration | "infinity">>[]>(
      durationVariable("SOCKACT_DRAIN_TIMEOUT"),
      fc.constant({ value: "infinity", shown: ["SOCKACT_DRAIN_TIMEOUT=infinity"] }),
    ),
  ),
  timeoutStopSec: property(
    "TimeoutStopUSec",
    durationOrInfinity.map((said) => infinityForZero<Duration | "infinity">(said)),
  ),
  timeoutStartSec: property(
    "TimeoutStartUSec",
    durationOrInfinity.map((said) => infinityForZero<Duration | "infinity">(said)),
    90_000_000,
  ),
  runtimeMaxSec: property<Duration | "infinity">("RuntimeMaxUSec", durationOrInfinity, values.infinity.shown),
  killMode: property("KillMode", values.word("control-group", "mixed", "process"), "control-group"),
  killSignal: property("KillSignal", byNumber(signals("INT QUIT USR2 ALRM TERM KILL ABRT")), 15),
  reloadSignal: property("ReloadSignal", byNumber(signals("HUP USR2 CONT WINCH")), 1),
  idleTimeout: property("Environment", durationVariable("SOCKACT_IDLE_TIMEOUT")),
  restart: property(
    "Restart",
    values.word("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"),
  ),
  restartSec: property("RestartUSec", values.duration),
  restartSteps: property(
    "RestartSteps",
    fc.integer({ min: 1, max: 4_294_967_295 }).map((value) => ({ value, shown: value })),
    0,
  ),
  restartMaxDelaySec: property("RestartMaxDelayUSec", values.duration, values.infinity.shown),
  restartPreventExitStatus: property("RestartPreventExitStatus", exitStatuses, [[], []]),
  successExitStatus: property("SuccessExitStatus", exitStatuses, [[], []]),
  fileDescriptorStoreMax: property("FileDescriptorStoreMax", values.count(4_294_967_295), 0),
  fileDescriptorStorePreserve: property(
    "FileDescriptorStorePreserve",
    values.word("no", "yes", "restart"),
    "restart",
  ),
  // A service is as nice as its service manager, which is as nice as these tests.
  nice: property("Nice", values.integer(-20, 19), getPriority()),
  oomScoreAdjust: property("OOMScoreAdjust", values.integer(-1000, 1000), 0),
  oomPolicy: property("OOMPolicy", values.word("continue", "stop", "kill"), "stop"),
  limitNOFILE: limit("LimitNOFILE", values.integer(18, Number.MAX_SAFE_INTEGER)),
  limitNPROC: limit("LimitNPROC", values.count(Number.MAX_SAFE_INTEGER)),
  limitCORE: limit("LimitCORE", values.bytesOrNone(1, "K", "M", "G", "T")),
  limitMEMLOCK: limit("LimitMEMLOCK", values.bytesOrNone(4096, "K", "M", "G", "T")),
  slice: property("Slice", values.word("web.slice", "web-a_b.slice", "-.slice", "a:b\\x20c.slice")),
  cpuWeight: property("CPUWeight", values.integer(1, 10_000), values.infinity.shown),
  cpuQuota: property("CPUQuotaPerSecUSec", values.quota, values.infinity.shown),
  memoryLow: property("MemoryLow", values.amount(values.bytesOrNone(MIB, "K", "M", "G", "T")), 0),
  memoryHigh: property(
    "MemoryHigh",
    values.amount(values.bytes(MIB, "K", "M", "G", "T")),
    values.infinity.shown,
  ),
  memoryMax: property(
    "MemoryMax",
    values.amount(values.bytes(MIB, "K", "M", "G", "T")),
    values.infinity.shown,
  ),
  memorySwapMax: property(
    "MemorySwapMax",
    values.amount(values.bytesOrNone(MIB, "K", "M", "G", "T")),
    values.infinity.shown,
  ),
  tasksMax: property("TasksMax", values.amount(values.integer(4, 1_000_000))),
  ioWeight: property("IOWeight", values.integer(1, 10_000), values.infinity.shown),
  stateDirectory: {
    ...folders("StateDirectory"),
    values: fc.oneof(
      { weight: 4, arbitrary: folders("StateDirectory").values },
      { weight: 1, arbitrary: fc.constant({ value: false as const, shown: { StateDirectory: [] } }) },
    ),
    otherwise: {},
  },
  stateDirectoryMode: folderMode("StateDirectoryMode"),
  cacheDirectory: folders("CacheDirectory"),
  cacheDirectoryMode: folderMode("CacheDirectoryMode"),
  logsDirectory: folders("LogsDirectory"),
  logsDirectoryMode: folderMode("LogsDirectoryMode"),
  runtimeDirectory: folders("RuntimeDirectory"),
  runtimeDirectoryMode: folderMode("RuntimeDirectoryMode"),
  runtimeDirectoryPreserve: property("RuntimeDirectoryPreserve", values.word("no", "yes", "restart")),
  configurationDirectory: folders("ConfigurationDirectory"),
  configurationDirectoryMode: folderMode("ConfigurationDirectoryMode"),
  credentials: properties(credentials, {
    LoadCredential: [],
    LoadCredentialEncrypted: [],
    SetCredential: [],
    SetCredentialEncrypted: [],
  }),
  importCredentials: property(
    "ImportCredential",
    values.list(values.same(fc.stringMatching(/^[a-z][\w.@+-]{0,8}\*?$/))),
    [],
  ),
  jitless: apart(fc.boolean()),
  compileCache: apart(fc.boolean()),
  handover: apart(fc.boolean()),
  handoverTimeout: property("Environment", durationVariable("SOCKACT_HANDOVER_TIMEOUT")),
  health: property(
    "Environment",
    fc
      .constantFrom("/healthz", "/", '/~a/b;c="d$HOME\\%n&e')
      .map((path) => ({ value: path, shown: [`SOCKACT_HEALTH=${path}`] })),
  ),
  healthSocket: elsewhere("test/health.test.ts"),
  preload: apart(fc.constantFrom(false, '/srv/100% of "$HOME"\\ é/preload.cjs', { path: "/opt/preload.js" })),
  // Filled in by `described` with `hardeningFields`.
  hardening: apart(fc.constant("none" as const)),
  raw: raw({
    Unit: ofUnit,
    Service: fc.nat(1000).map((value) => ({
      value: { LimitRTPRIO: value, LogExtraFields: ["A=100%", { specifier: "B=%t" }] },
      shown: {
        LimitRTPRIO: value,
        LimitRTPRIOSoft: value,
        LogExtraFields: ["A=100%", "B=/run"].map((text) => [...Buffer.from(text)]),
      },
    })),
    Install: ofInstall,
  }),
  bundle: apart(fc.boolean()),
  hosts: apart(fc.constant(["shop.example.com"])),
};

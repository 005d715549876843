import fc from "fast-check";
import type { AppDescription, Duration, ListenAddress, SocketDescription } from "../../src/index.ts";
import type { Shown } from "./shown.ts";
import * as values from "./values.ts";
import type { Said } from "./values.ts";

/** How a field is filled in, and what systemd shows of it; `otherwise` if it is left out. */
export interface Field<Value> {
  values: fc.Arbitrary<{ value: Value; shown: Shown }>;
  otherwise: Shown;
}

/** Every field of a description. */
export type Fields<Description> = { [Name in keyof Description]-?: Field<NonNullable<Description[Name]>> };

function property<Value>(name: string, said: fc.Arbitrary<Said<Value>>, otherwise?: unknown): Field<Value> {
  return {
    values: said.map(({ value, shown }) => ({ value, shown: { [name]: shown } })),
    otherwise: otherwise === undefined ? {} : { [name]: otherwise },
  };
}

/** A field whose traces are more than a property; `consequences` has them. */
function apart<Value>(arbitrary: fc.Arbitrary<Value>): Field<Value> {
  return { values: arbitrary.map((value) => ({ value, shown: {} })), otherwise: {} };
}

/** `Listen` has the addresses of both fields, each with its kind. */
function listening(kind: string): Field<ListenAddress | ListenAddress[]> {
  const said = values.address.map(({ value, shown }) => ({ value, shown: [kind, shown] }));
  return property("Listen", values.oneOrMore(said), []);
}

export const socketFields: Fields<SocketDescription> = {
  listen: listening("Stream"),
  listenDatagram: listening("Datagram"),
  description: property("Description", values.same(values.line())),
  name: property(
    "FileDescriptorName",
    values.same(
      values
        .ascii({ minLength: 1, maxLength: 20 })
        .map((text) => text.replace(/[:\\]/g, "/").replace(/^ | $/g, "_"))
        .filter((text) => !["connection", "stored", "unknown"].includes(text)),
    ),
  ),
  noDelay: property("NoDelay", values.flag, false),
  backlog: property("Backlog", values.count(4_294_967_295)),
  bindIPv6Only: property("BindIPv6Only", values.word("default", "both", "ipv6-only"), "default"),
  bindToDevice: property("BindToDevice", values.word("lo", "eth0", "br-lan.1", "wg_0"), ""),
  freeBind: property("FreeBind", values.flag, false),
  reusePort: property("ReusePort", values.flag, false),
  keepAlive: property("KeepAlive", values.flag, false),
  keepAliveTimeSec: property("KeepAliveTimeUSec", values.duration, 0),
  keepAliveIntervalSec: property("KeepAliveIntervalUSec", values.duration, 0),
  keepAliveProbes: property("KeepAliveProbes", values.count(4_294_967_295), 0),
  deferAcceptSec: property("DeferAcceptUSec", values.duration, 0),
  socketMode: property("SocketMode", values.mode, 0o666),
  socketUser: property("SocketUser", values.account, ""),
  socketGroup: property("SocketGroup", values.account, ""),
  directoryMode: property("DirectoryMode", values.mode, 0o755),
  removeOnStop: property("RemoveOnStop", values.flag, false),
  pollLimitIntervalSec: property("PollLimitIntervalUSec", values.duration, 2_000_000),
  pollLimitBurst: property("PollLimitBurst", values.count(4_294_967_294), 15),
};

/** Programs that the campaign puts there, since systemd-analyze complains of one that is not. */
export const programs = ["/bin/sh", "/srv/100% $mine/node é", "/srv/a;b #1/{x} ~\u00a0", "/srv/-/@+!:|"];

/** Units that the campaign puts there, since a service cannot start without those that it requires. */
export const requiredUnits = [
  "basic.target",
  "there.service",
  "there\\x20too:1.service",
  "there-a@b\\x2fc.service",
];

const exec = fc
  .tuple(fc.constantFrom(...programs), fc.array(values.anyText, { maxLength: 5 }))
  .map(([program, words]) => [program, ...words]);

/** A variable of sockact that holds a duration. */
function durationVariable(name: string): fc.Arbitrary<{ value: Duration; shown: string[] }> {
  const text = values.span.map(({ value }) => ({
    value,
    shown: [`${name}=${value.trim().replace(/[µμ]s/g, "us")}`],
  }));
  const pairs: [Duration, string][] = [
    [1500, "1500ms"],
    [90_000, "90s"],
    [300_000, "5min"],
    [3_600_000, "1h"],
  ];
  return fc.oneof(
    text,
    fc.constantFrom(...pairs).map(([value, written]) => ({ value, shown: [`${name}=${written}`] })),
  );
}

const environment = fc
  .dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), values.anyText, {
    maxKeys: 4,
    noNullPrototype: true,
  })
  .map((value) => ({ value, shown: Object.entries(value).map(([name, text]) => `${name}=${text}`) }));

const durationOrInfinity = fc.oneof(
  { weight: 4, arbitrary: values.duration },
  { weight: 1, arbitrary: fc.constant(values.infinity) },
);

export const serviceFields: Fields<AppDescription> = {
  $schema: apart(fc.constant("node_modules/@sockact/units/dist/schema.json")),
  name: apart(values.stem),
  // Shown before variables are expanded: each $ is still two.
  exec: property(
    "ExecStart",
    exec.map(([program = "", ...words]) => ({
      value: [program, ...words],
      shown: [[program, [program, ...words.map((text) => text.replaceAll("$", "$$$$"))]]],
    })),
  ),
  // Filled in by `described`, which knows what several sockets need.
  sockets: apart(fc.constant([])),
  description: property("Description", values.same(values.line())),
  documentation: property(
    "Documentation",
    values.list(
      values.same(
        fc.oneof(
          fc
            .webUrl({ validSchemes: ["http", "https"], withQueryParameters: true, withFragments: true })
            .filter((url) => !/['"\\]/.test(url)),
          fc.constantFrom("file:/etc/passwd", "man:node(1)", "info:gzip", "https://example.com/a%20b"),
        ),
      ),
    ),
    [],
  ),
  user: property("User", values.account),
  group: property("Group", values.account),
  workingDirectory: property(
    "WorkingDirectory",
    fc.oneof(values.path, values.word("/home/me/app", "/root/app")),
    "",
  ),
  environment: property("Environment", environment),
  readWritePaths: property("ReadWritePaths", values.list(values.path), []),
  after: property("After", values.list(values.otherUnit), []),
  wants: property("Wants", values.list(values.otherUnit), []),
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
    // systemd.service(5): 0 is no limit, as in old versions.
    durationOrInfinity.map(({ value, shown }) => ({
      value,
      shown: shown === 0 ? values.infinity.shown : shown,
    })),
  ),
  idleTimeout: property("Environment", durationVariable("SOCKACT_IDLE_TIMEOUT")),
  rolling: apart(fc.boolean()),
  restart: property(
    "Restart",
    values.word("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"),
    "on-failure",
  ),
  restartSec: property("RestartUSec", values.duration),
  hardening: apart(fc.constantFrom("none", "outbound", "inbound")),
};

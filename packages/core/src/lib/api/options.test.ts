import { inspect } from "node:util";
import { expect, test } from "vitest";
import { readIdentity } from "../binding/tls-identity.ts";
import { LIFECYCLE_OPTIONS } from "../lifecycle/settings.ts";
import { type AppOptions, readOptions } from "./options.ts";

test.each([
  ["idleTimout", "unknown option idleTimout: did you mean idleTimeout?"],
  ["onstop", "unknown option onstop: did you mean onStop?"],
  ["names", "unknown option names: did you mean name?"],
  ["ready", "unknown option ready: did you mean onListen?"],
  ["idle", "unknown option idle: did you mean idleTimeout?"],
  ["port", "unknown option port"],
  [
    "proxyProtocol",
    "unknown option proxyProtocol: it belongs in sockets: { NAME: { proxyProtocol } }, where NAME is the name of the socket",
  ],
  ["sni", "unknown option sni: it belongs in tls: { key, cert, sni: { … } }"],
  [
    "from",
    "unknown option from: it belongs in sockets: { NAME: { proxyProtocol: { from } } }, where NAME is the name of the socket",
  ],
])("%s is refused, with the option that is meant if one is near", (name, message) => {
  expect(() => readOptions({ [name]: undefined })).toThrow(
    expect.objectContaining({ code: "SOCKACT_ERR_OPTION", message }),
  );
});

test.each<[options: object, message: string]>([
  [{ required: "yes" }, "The option required must be true or false; got 'yes'"],
  [{ name: 5 }, "The option name must be a string or a list of strings; got 5"],
  [{ sockets: ["http"] }, "The option sockets must be an object with a key for each socket; got an array"],
  [
    { sockets: { https: { key: "SECRET" } } },
    "The option sockets.https must be {}, or an object with tls, proxyProtocol or both; got { key }",
  ],
  [
    { sockets: { web: { proxyProtocol: "yes" } } },
    "The option sockets.web.proxyProtocol must be true, false or { from, timeout }; got 'yes'",
  ],
  [
    { sockets: { web: { proxyProtocol: { form: [] } } } },
    "The option sockets.web.proxyProtocol must be true, false or { from, timeout }; got { form: [] }",
  ],
  ...[[], "10.0.0.1", null].map((from): [object, string] => [
    { sockets: { web: { proxyProtocol: { from } } } },
    `The option sockets.web.proxyProtocol.from must be a list with the address of each proxy; got ${inspect(from)}`,
  ]),
  ...["localhost", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/8/8", "fe80::1%lo", "10.1", "", 1].map(
    (member): [object, string] => [
      { sockets: { web: { proxyProtocol: { from: [member] } } } },
      `Each member of sockets.web.proxyProtocol.from must be an IP address, a range or 'unix'; got ${inspect(member)}`,
    ],
  ),
  ...["5", 5, "0s", "infinity", "2h"].map((timeout): [object, string] => [
    { sockets: { web: { proxyProtocol: { timeout } } } },
    `The option sockets.web.proxyProtocol.timeout must be a duration above 0 with a unit, such as '5s', and an hour at most; got ${inspect(timeout)}`,
  ]),
  [{ tls: "SECRET" }, "The option tls must be an object such as { key, cert }; got a string"],
  [{ tls: { key: "SECRET" } }, "The option tls must have both key and cert, or pfx, or SNICallback"],
])("an option of a wrong type is refused, and no key is shown: %j", (options, message) => {
  expect(() => readOptions(options as AppOptions)).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_OPTION",
      message,
      hint: expect.stringMatching(/\.$/) as string,
    }),
  );
});

test.each(["name", "tls", "sockets", "required", "ignoreListenPid", ...LIFECYCLE_OPTIONS])(
  "%s may be undefined, which leaves it out",
  (name) => {
    expect(JSON.stringify(readOptions({ [name]: undefined }))).toBe(JSON.stringify(readOptions({})));
  },
);

test("the tls of one socket may be undefined, and each file of an identity", () => {
  const { selection } = readOptions({ sockets: { http: { tls: undefined } } });
  expect([selection.names, selection.tls]).toEqual([["http"], []]);
  const identity = { key: undefined, cert: undefined, ca: undefined, crl: undefined, pfx: undefined };
  expect(readIdentity(identity, { where: "tls", owner: [] }).options).toEqual(identity);
});

test.each<[from: string[], trusted: string[], others: (string | undefined)[]]>([
  [["10.0.0.1"], ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.2", "::1", "unix", undefined]],
  [
    ["10.0.0.0/8", "unix"],
    ["10.255.255.255", "unix"],
    ["11.0.0.0", undefined],
  ],
  [["2001:db8::/32"], ["2001:db8::1"], ["2001:db9::1", "10.0.0.1", "unix"]],
  [["fe80::/10"], ["fe80::1%eth0"], ["::1"]],
  [["0.0.0.0/0"], ["192.0.2.1"], ["2001:db8::1", "unix"]],
])("a PROXY header may come from %j", (from, trusted, others) => {
  const { selection } = readOptions({ sockets: { web: { proxyProtocol: { from } } } });
  const isTrusted = selection.proxyOf?.("web")?.isTrusted;
  expect(trusted.map((sender) => isTrusted?.(sender))).toEqual(trusted.map(() => true));
  expect(others.map((sender) => isTrusted?.(sender))).toEqual(others.map(() => false));
});

// `/000` would be everybody, and `/08` is not a number everywhere.
test.each([
  "10.0.0.1/08",
  "10.0.0.1/000",
  "10.0.0.1/33",
  "10.0.0.1/",
  "::1/129",
  "10.0.0",
  "10.0.0.0/8/8",
  "",
])("a PROXY header may not come from %j, which is neither an address nor a range", (from) => {
  expect(() => readOptions({ sockets: { web: { proxyProtocol: { from: [from] } } } })).toThrow(
    expect.objectContaining({ code: "SOCKACT_ERR_OPTION" }),
  );
});

test.each<[proxyProtocol: boolean | { timeout?: "2s" } | undefined, timeout: number | undefined]>([
  [undefined, undefined],
  [false, undefined],
  [true, 5000],
  [{}, 5000],
  [{ timeout: "2s" }, 2000],
])("proxyProtocol: %j", (proxyProtocol, timeout) => {
  const { selection } = readOptions({ sockets: { web: { proxyProtocol } } });
  expect(selection.proxyOf?.("web")?.timeout).toBe(timeout);
  expect(selection.proxyOf?.("other")).toBeUndefined();
});

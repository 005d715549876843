import { expect, test } from "vitest";
import { readIdentity } from "../binding/tls-identity.ts";
import { LIFECYCLE_OPTIONS } from "../lifecycle/settings.ts";
import { readOptions, splitOptions } from "./options.ts";

test.each([
  ["idleTimout", "unknown option idleTimout: did you mean idleTimeout?"],
  ["onstop", "unknown option onstop: did you mean onStop?"],
  ["names", "unknown option names: did you mean name?"],
  ["port", "unknown option port"],
])("%s is refused, with the option that is meant if one is near", (name, message) => {
  expect(() => readOptions({ [name]: undefined })).toThrow(
    expect.objectContaining({ code: "ERR_OPTION", message }),
  );
});

test.each(["name", "tls", "sockets", "required", "trustParent", ...LIFECYCLE_OPTIONS])(
  "%s may be undefined, which leaves it out",
  (name) => {
    expect(JSON.stringify(readOptions({ [name]: undefined }))).toBe(JSON.stringify(readOptions({})));
  },
);

test("the tls of one socket may be undefined, and each file of an identity", () => {
  const { selection } = readOptions({ sockets: { http: { tls: undefined } } });
  expect([selection.names, selection.tls]).toEqual([["http"], []]);
  const identity = { key: undefined, cert: undefined, ca: undefined, crl: undefined, pfx: undefined };
  expect(readIdentity(identity)).toEqual(identity);
});

test("an undefined port is no port: for Node itself it means any", () => {
  expect(splitOptions({ port: undefined, path: "/run/app.sock", required: undefined })).toStrictEqual([
    {},
    { path: "/run/app.sock" },
  ]);
});

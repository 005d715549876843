import { expect, test } from "vitest";
import { readIdentity } from "../binding/tls-identity.ts";
import { LIFECYCLE_OPTIONS } from "../lifecycle/settings.ts";
import { type AppOptions, readOptions, splitOptions } from "./options.ts";

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

test.each<[options: object, message: string]>([
  [{ required: "yes" }, "The option required must be true or false; got 'yes'"],
  [{ name: 5 }, "The option name must be a string or a list of strings; got 5"],
  [{ sockets: ["http"] }, "The option sockets must be an object with a key for each socket; got an array"],
  [{ sockets: { https: { key: "SECRET" } } }, "The option sockets.https must be {} or { tls }; got { key }"],
  [{ tls: "SECRET" }, "The option tls must be an object such as { key, cert }; got a string"],
  [{ tls: { key: "SECRET" } }, "The option tls must have both key and cert, or pfx, or SNICallback"],
])("an option of a wrong type is refused, and no key is shown: %j", (options, message) => {
  expect(() => readOptions(options as AppOptions)).toThrow(
    expect.objectContaining({ code: "ERR_OPTION", message, hint: expect.stringMatching(/\.$/) as string }),
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
  expect(readIdentity(identity).options).toEqual(identity);
});

test("an undefined port is left out, since Node would take it for any free port", () => {
  expect(splitOptions({ port: undefined, path: "/run/app.sock", required: undefined })).toStrictEqual([
    {},
    { path: "/run/app.sock" },
  ]);
});

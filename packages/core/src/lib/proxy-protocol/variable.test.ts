import process from "node:process";
import { afterEach, expect, test } from "vitest";
import { checkProxyNames, proxyRulesOf } from "./variable.ts";

afterEach(() => {
  delete process.env["SOCKACT_PROXY_PROTOCOL"];
});

const set = (value: string): string => (process.env["SOCKACT_PROXY_PROTOCOL"] = value);

test.each<[value: string, name: string, trusted: string[], others: string[]]>([
  ["web:10.0.0.1", "web", ["10.0.0.1"], ["10.0.0.2", "unix"]],
  [" web:10.0.0.1,10.1.0.0/16,unix \t api:::1 ", "web", ["10.1.2.3", "unix"], ["::1"]],
  ["web:10.0.0.1 api:::1,2001:db8::/32", "api", ["::1", "2001:db8::9"], ["10.0.0.1"]],
  ["web.socket:*", "web.socket", ["10.0.0.1", "::1", "unix"], []],
])("%j: the socket %s accepts headers from %j", (value, name, trusted, others) => {
  set(value);
  const rules = proxyRulesOf(() => undefined)(name);
  expect(rules?.timeout).toBe(5000);
  expect(trusted.map((sender) => rules?.isTrusted(sender))).toEqual(trusted.map(() => true));
  expect(others.map((sender) => rules?.isTrusted(sender))).toEqual(others.map(() => false));
  expect(proxyRulesOf(() => undefined)("another")).toBeUndefined();
});

test("it overrides the option of a socket, except for the time that a header may take", () => {
  const option = { isTrusted: () => false, timeout: 200 };
  set("");
  expect(proxyRulesOf(() => option)("web")).toBe(option);
  set("web:*");
  const rules = proxyRulesOf(() => option)("web");
  expect([rules?.timeout, rules?.isTrusted("10.0.0.1")]).toEqual([200, true]);
  expect(proxyRulesOf(() => option)("another")).toBe(option);
});

const form = "SOCKACT_PROXY_PROTOCOL must be entries such as web:10.0.0.1, with spaces between them; got ";
const member = (name: string, got: string): string =>
  `Each member of ${name} in SOCKACT_PROXY_PROTOCOL must be an IP address, a range or 'unix'; got '${got}'`;

test.each<[value: string, message: string]>([
  ["web", `${form}"web"`],
  ["yes web:10.0.0.1", `${form}"yes"`],
  ["web:", `${form}"web:"`],
  [":10.0.0.1", `${form}":10.0.0.1"`],
  ["10.0.0.1", `${form}"10.0.0.1"`],
  ["web: 10.0.0.1", `${form}"web:"`],
  ["web:10.0.0", member("web", "10.0.0")],
  ["web:10.0.0.1,", member("web", "")],
  ["web:10.0.0.0/33", member("web", "10.0.0.0/33")],
  ["web:10.0.0.1,*", member("web", "*")],
  ["web:lb.example.com", member("web", "lb.example.com")],
  ["api:::1%lo", member("api", "::1%lo")],
  ["web:10.0.0.1 web:10.0.0.2", "SOCKACT_PROXY_PROTOCOL has two entries for web"],
])("%j is refused", (value, message) => {
  set(value);
  expect(() => proxyRulesOf(() => undefined)).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_OPTION",
      message,
      hint: expect.stringMatching(/\.$/) as string,
    }),
  );
});

test("a name that no socket has is refused", () => {
  set("web:unix wbe:10.0.0.1");
  expect(() => checkProxyNames(["web", "wbe"])).not.toThrow();
  expect(() => checkProxyNames(["web", "admin"])).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_NAME_UNKNOWN",
      message: "SOCKACT_PROXY_PROTOCOL names wbe, but no socket of that name was passed. Passed: web, admin",
    }),
  );
});

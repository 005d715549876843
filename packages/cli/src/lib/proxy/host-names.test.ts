import { expect, test } from "vitest";
import { hostNames } from "./host-names.ts";

test.each([
  ["shop.example.com", "shop.example.com"],
  ["Shop.Example.COM", "shop.example.com"],
  ["shop.example.com.", "shop.example.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["localhost", "localhost"],
  [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
])("%s becomes %s", (given, name) => {
  expect(hostNames([given], "--host")).toEqual([name]);
});

test.each([
  "",
  ".",
  "-shop.example.com",
  "shop..example.com",
  "shop_1.example.com",
  `${"a".repeat(64)}.example`,
  `${"a.".repeat(130)}example`,
  "*.example.com",
  "https://shop.example.com",
  "shop.example.com:8080",
  "shop.example.com/path",
  "127.0.0.1",
  "[::1]",
  "0x7f.1",
  "shop.example.com { respond hello }",
  "shop.example.com; return 200",
  "shop.example.com\nimport /etc/shadow",
  "{$HOME}",
  "$host",
  "shop%2eexample.com",
  "sh\u00adop.example.com",
  "shop.example.com\u0000",
  "ｓhop.example/",
  "import",
  "Default",
  "include.",
  7,
  null,
])("%j is refused", (given) => {
  expect(() => hostNames([given], "--host")).toThrow(/^--host has /);
});

test("a host name twice, in any form, is refused", () => {
  expect(() => hostNames(["shop.example.com", "SHOP.example.com."], "--host")).toThrow(
    "--host has shop.example.com twice",
  );
  expect(() => hostNames([], "--host")).toThrow("--host is empty");
});

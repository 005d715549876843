import { expect, test } from "vitest";
import { caddy } from "./caddy.ts";

const check = (text: string) => () => caddy.include!.check(text.split("\n"));

test.each([
  "",
  "# shop.example.com\n{\n\tdebug\n}\n",
  "import sites/*\n",
  ":80 { # all\n\trespond hi\n}\n",
  "shop.example.com,\nwww.example.com {\n\trespond hi\n}\n",
  "shop.example.com\n{\n\trespond hi\n}\n",
])("a site can be added to %j", (text) => {
  expect(check(text)).not.toThrow();
});

test.each([
  ["shop.example.com\nrespond hi\n", "shop.example.com { … }"],
  ["import sites/*\nshop.example.com # {\nrespond hi\n", "shop.example.com { … }"],
  ["shop.example.com,\nwww.example.com\n\nrespond hi\n", "shop.example.com, www.example.com { … }"],
  ["{$HOST}\nrespond hi\n", "{$HOST} { … }"],
])("the only site has no braces: %j", (text, braces) => {
  expect(check(text)).toThrow(
    expect.objectContaining({ code: "SOCKACT_ERR_INSTALL_PROXY", hint: expect.stringContaining(braces) }),
  );
});

import { expect, it } from "vitest";
import { checkName, isUnitOf } from "./names.ts";

it.each(["shop", "shop.v2", "my_shop-2", "a:b", String.raw`my\x2dshop`])(
  "%j is the name of a service",
  (name) => {
    expect(() => checkName(name)).not.toThrow();
  },
);

it.each([
  ["", "it is empty"],
  ["sockact", "sockact has its own files in /var/lib/sockact"],
  ["../x", "it may have only ASCII letters"],
  ["a/b", "it may have only ASCII letters"],
  ["..", "it may have only ASCII letters"],
  ["-x", "it may have only ASCII letters"],
  [".x", "it may have only ASCII letters"],
  ["a\nb", "it may have only ASCII letters"],
  ["a\0b", "it may have only ASCII letters"],
  ["ä", "it may have only ASCII letters"],
  ["shop@blue", "it may have only ASCII letters"],
  ["shop.service", "it has a suffix"],
  ["a".repeat(300), "it has 300 characters"],
])("%j is not, and the error has the reason", (name, why) => {
  expect(() => checkName(name)).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_INSTALL_NAME",
      exitCode: 2,
      message: expect.stringMatching(new RegExp(`^.{0,90} can't be the name of a service: .*${why}`, "s")),
    }),
  );
});

it("knows the units that a service of this name may have", () => {
  const units = ["shop.service", "shop@.service", "shop@proxy.service", "shop-http.socket", "shop.container"];
  expect(units.filter((unit) => isUnitOf("shop", unit))).toEqual(units);
  const others = [
    "shop",
    "shopper.service",
    "ssh.service",
    "shop/x.service",
    "shop-../x.service",
    "shop.service.d",
    "shop\n.service",
    "shop.mount",
  ];
  expect(others.filter((unit) => isUnitOf("shop", unit))).toEqual([]);
});

import { isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isIPv4, isIPv6, refusedAddress } from "./addresses.ts";

const seed = { seed: 20_250_302, numRuns: 2000 };

describe("addresses", () => {
  it.each([
    ["80"],
    ["65535"],
    ["127.0.0.1:80"],
    ["[::]:80"],
    ["[::ffff:1.2.3.4]:80"],
    ["[fe80::1]:80%eth0"],
    ["/run/app.sock"],
    ["/run/my app.sock"],
    ["@abstract"],
    ["vsock:2:1234"],
    ["vsock::1234"],
    [`/${"a".repeat(106)}`],
    [`@${"a".repeat(106)}`],
  ])("takes %s", (address) => {
    expect(refusedAddress(address)).toBeUndefined();
  });

  it.each([
    ["0", /port is 0/],
    ["65536", /port is 65536/],
    ["-1", /port is -1/],
    ["080", /port is 080/],
    ["127.0.0.1:0", /port is 0/],
    ["127.0.0.1:65536", /port is 65536/],
    ["localhost:80", /does not look up names/],
    ["*:80", /\* is not an address/],
    ["127.0.0.1", /port is missing/],
    ["127.1:80", /not an IP address/],
    ["127.0.0.01:80", /not an IP address/],
    ["::1", /brackets/],
    ["[::1]", /brackets/],
    ["[::g]:80", /not an IPv6 address/],
    ["[fe80::1%eth0]:80", /zone is inside/],
    ["127.0.0.1:80%eth0", /zone/],
    ["run/app.sock", /relative/],
    ["./app.sock", /relative/],
    ["/run/../app.sock", /does not name a file/],
    ["/run/app/", /does not name a file/],
    ["/", /does not name a file/],
    ["@", /empty/],
    ["vsock:2:0", /not a vsock address/],
    ["vsock:2:4294967295", /not a vsock address/],
    ["80 81", /not an address/],
    ["", /not an address/],
    [`/${"a".repeat(107)}`, /108 bytes/],
    [`/${"é".repeat(54)}`, /109 bytes/],
    [`@${"a".repeat(107)}`, /108 bytes/],
  ])("refuses %s", (address, message) => {
    expect(refusedAddress(address)?.message).toMatch(message);
  });

  it("knows an IP address as inet_pton(3) does", () => {
    const piece = fc.constantFrom(
      "0",
      "1",
      "f",
      "ffff",
      "12345",
      "g",
      ":",
      "::",
      ".",
      "1.2.3.4",
      "255",
      "256",
      "01",
    );
    const almost = fc.array(piece, { maxLength: 18 }).map((pieces) => pieces.join(""));
    const grouped = fc
      .array(fc.constantFrom("0", "a", "", "1.2.3.4"), { maxLength: 9 })
      .map((groups) => groups.join(":"));
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), almost, grouped), (text) => {
        expect([text, isIPv6(text), isIPv4(text)]).toEqual([text, nodeIsIPv6(text), nodeIsIPv4(text)]);
      }),
      seed,
    );
  });
});

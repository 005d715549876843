import { describe, expect, test } from "vitest";
import { inherit } from "./tls-identity.ts";

describe("a name of sni", () => {
  const tls = {
    key: "key",
    cert: "cert",
    passphrase: "secret",
    ca: "ca",
    crl: "crl",
    minVersion: "TLSv1.3",
  } as const;

  test("inherits what it does not set, except for the key and the certificate", () => {
    expect(inherit({ cert: "own", ca: undefined }, tls)).toEqual({
      cert: "own",
      ca: "ca",
      crl: "crl",
      minVersion: "TLSv1.3",
    });
  });

  test("inherits no revocation lists if it has its own authorities", () => {
    expect(inherit({ ca: "own" }, tls)).toEqual({ ca: "own", minVersion: "TLSv1.3" });
  });
});

// Of the files that a unit names, the metrics show only when a certificate expires. Another user may own them.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificatesOf, type Expiries } from "../src/lib/metrics/certificates.ts";
import type { KnownApp } from "../src/lib/metrics/known-apps.ts";

describeWith({ commands: ["openssl", "mkfifo"] }, "the certificates of an app", () => {
  let folder: string;
  let pem: string;
  /** In seconds since 1970. */
  let expiry: number;
  const at = (name: string) => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sockact-certificates-"));
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "30"];
    const subject = '/CN=shop"} 1\\nsockact_app_up{app="shop"} 0';
    const files = ["-keyout", at("key.pem"), "-out", at("certificate.pem")];
    execFileSync("openssl", [...request, "-subj", subject, ...files], { stdio: "ignore" });
    pem = readFileSync(at("certificate.pem"), "utf8");
    expiry = Date.parse(new X509Certificate(pem).validTo) / 1000;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What is found of a unit that names these files. */
  async function found(...names: string[]): Promise<Expiries> {
    const lines = names.map((name) => `LoadCredential=tls:${name.startsWith("/") ? name : at(name)}`);
    writeFileSync(at("shop.service"), ["[Service]", ...lines, ""].join("\n"));
    const units = [{ FragmentPath: at("shop.service"), DropInPaths: "" }];
    const app = { service: { name: "shop" }, units } as unknown as KnownApp;
    return certificatesOf([app], true);
  }

  test("only the expiry is seen, also behind a key or a link", async () => {
    writeFileSync(at("both.pem"), readFileSync(at("key.pem"), "utf8") + pem);
    symlinkSync("certificate.pem", at("link.pem"));
    expect(await found("certificate.pem", "both.pem", "link.pem")).toEqual({
      shop: { [at("certificate.pem")]: expiry, [at("both.pem")]: expiry, [at("link.pem")]: expiry },
    });
  });

  test("a file without a certificate, without an end, or too large shows nothing, and hinders no other one", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    writeFileSync(at("huge.pem"), pem);
    truncateSync(at("huge.pem"), 5 * 1024 * 1024);
    symlinkSync("/etc/shadow", at("shadow.pem"));
    symlinkSync("loop.pem", at("loop.pem"));
    writeFileSync(at("cut.pem"), pem.slice(0, pem.length / 2));
    writeFileSync(at("garbage.pem"), pem.replaceAll(/^MII.*$/gm, "MIIA"));
    const hostile = ["pipe", "huge.pem", "shadow.pem", "loop.pem", "cut.pem", "garbage.pem", "key.pem"];
    expect(await found(...hostile, "/dev/zero", "/etc/shadow", "/", "certificate.pem")).toEqual({
      shop: { [at("certificate.pem")]: expiry },
    });
  });

  test("a certificate with an invalid time shows nothing", async () => {
    const { raw } = new X509Certificate(pem);
    const TIME = Buffer.from([0x17, 13]);
    const end = raw.indexOf(TIME, raw.indexOf(TIME) + 2);
    raw.write('"}\nx{a="b"}1 ', end + 2, "latin1");
    const lines = raw.toString("base64").match(/.{1,64}/g)!;
    const text = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
    writeFileSync(at("time.pem"), text);
    expect(Date.parse(new X509Certificate(text).validTo)).toBeNaN();
    expect(await found("time.pem")).toEqual({ shop: {} });
  });
});

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { checkTlsUsable } from "./tls-acceptor.ts";
import type { TlsIdentity } from "./tls-identity.ts";
import { fileError } from "./tls-problem.ts";

/** The testkit has the same function, but this test needs no build. */
function certificateOf(host: string): { key: string; cert: string } {
  const fixture = (kind: string): string =>
    fileURLToPath(new URL(`../../../../testing/fixtures/${host}.${kind}.pem`, import.meta.url));
  return { key: fixture("key"), cert: fixture("cert") };
}

const localhost = certificateOf("localhost");
const example = certificateOf("example");
const folder = mkdtempSync(join(tmpdir(), "sockact-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const garbage = fileWith("garbage.pem", "garbage");
const encrypted = fileWith(
  "encrypted.pem",
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey,
);

test.each<[what: string, identity: TlsIdentity, message: string, hint: string]>([
  [
    "a key that is garbage",
    { ...example, key: garbage },
    `.key (${garbage}) is not a private key`,
    "no line that begins",
  ],
  [
    "a key that is a certificate",
    { ...example, key: example.cert },
    `.key (${example.cert}) is not a private key`,
    "It begins with -----BEGIN CERTIFICATE-----.",
  ],
  [
    "an encrypted key",
    { ...example, key: encrypted },
    `.key (${encrypted}) is not a private key`,
    "Set passphrase",
  ],
  [
    "a certificate that is garbage",
    { ...example, cert: garbage },
    `.cert (${garbage}) is not a certificate`,
    "no line that begins",
  ],
  [
    "a certificate that is a key",
    { ...example, cert: example.key },
    `.cert (${example.key}) is not a certificate`,
    "It begins with -----BEGIN PRIVATE KEY-----.",
  ],
  [
    "a key of another certificate",
    { ...example, key: localhost.key },
    `.key (${localhost.key}) and tls.sni["shop.example"].cert (${example.cert}) do not belong together`,
    `-in ${example.cert}, openssl pkey -pubout -in ${localhost.key}.`,
  ],
  [
    "authorities that are garbage",
    { ...example, crl: garbage },
    `.crl (${garbage}) can't be used`,
    "other certificates",
  ],
  ["a PKCS#12 file that is garbage", { pfx: garbage }, `.pfx (${garbage}) can't be used`, "PKCS#12"],
])("%s: the error names the option, the file, and what is wrong", (_, identity, message, hint) => {
  const options = { ...localhost, sni: { "example.org": example, "shop.example": identity } };
  expect(() => checkTlsUsable({ options, where: "tls", owner: [] }, false)).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_TLS",
      message: expect.stringContaining(`tls.sni["shop.example"]${message}`) as string,
      hint: expect.stringContaining(hint) as string,
    }),
  );
});

test("a key that the option itself contains is not shown", () => {
  const options = { ...localhost, key: "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n" };
  expect(() => checkTlsUsable({ options, where: "sockets.https.tls", owner: ["https"] }, false)).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_TLS",
      message: expect.stringMatching(
        /^sockets\.https\.tls\.key is not a private key that can be used: (?!.*SECRET)/,
      ) as string,
    }),
  );
});

test.each([
  ["/nowhere/cert.pem", "Correct the path, or create the file."],
  ["nowhere.pem", `in the working directory, ${process.cwd()}.`],
  [folder, "Name a file with PEM."],
])("a file that can't be read, %s: the error names the option and the fix", (cert, hint) => {
  const options = { ...localhost, sni: { "*.shop.example": { ...example, cert } } };
  expect(() => checkTlsUsable({ options, where: "tls", owner: [] }, false)).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_TLS_FILE",
      message: expect.stringContaining(
        'The file for tls.sni["*.shop.example"].cert can\'t be read: E',
      ) as string,
      hint: expect.stringContaining(hint) as string,
    }),
  );
});

test("a file that the user may not read: the hint names a credential that no other file has, and says what changes with it", () => {
  const place = { where: 'tls.sni["shop.example"]', owner: ["shop.example"], option: "cert" };
  const cause = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
  const { hint } = fileError(place, "/etc/tls/shop.pem", cause);
  expect(hint).toContain(
    'LoadCredential=shop.example-cert.pem:/etc/tls/shop.pem in the service, and "shop.example-cert.pem" as tls.sni["shop.example"].cert.',
  );
  expect(hint).toContain("a renewed file then needs a restart instead of a reload");
});

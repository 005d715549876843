import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { certificatesFile } from "./certificates-file.ts";

test("without the file, there are no certificates, and garbage leaves the last ones", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-certificates-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "certificates.json");
  const read = certificatesFile(file);
  expect(read()).toEqual({});
  const expiries = { shop: { "/etc/shop.pem": 1_800_000_000, "shop.example": 1_900_000_000 }, blog: {} };
  const text = JSON.stringify(expiries);
  writeFileSync(file, text);
  expect(read()).toEqual(expiries);
  const garbage = [
    "",
    "null",
    "[[1]]",
    '{"shop":null}',
    '{"shop":[1]}',
    '{"shop":{"a":"1"}}',
    '{"shop":{"a":1e999}}',
    `{"shop":{"${"a".repeat(1_000_000)}":1}}`,
  ];
  for (const each of [...garbage, ...Array.from(text, (_, end) => text.slice(0, end))]) {
    writeFileSync(file, each);
    expect(read()).toEqual(expiries);
  }
  writeFileSync(file, '{"shop":{"a":1}}');
  expect(read()).toEqual({ shop: { a: 1 } });
});

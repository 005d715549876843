// An app outside of this repository.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder that other users can read. It is removed after the tests of the file. */
export function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "prove-"));
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes an app. With `atSignal`, it does something else at SIGTERM than closing its server. */
export function writeApp(folder: string, atSignal = "server.close()"): void {
  const server = `const { createServer } = require("node:http");
const server = createServer((request, response) => response.end("Hello"));
server.listen(process.env.PORT || 3000);
process.on("SIGTERM", () => ${atSignal});
`;
  writeFileSync(join(folder, "server.js"), server);
  const manifest = { name: "greeter", scripts: { start: "node server.js" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
}

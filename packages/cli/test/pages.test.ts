// What the command line prints on the pages of the docs, where no systemd is needed. operating.test.ts has
// the rest.
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DEADLINE } from "@sockact/testkit";
import { expect, it } from "vitest";
import { folderWith } from "./app-folder.ts";
import { outcome } from "./outcome.ts";
import { run } from "./run.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
/** A file of docs, which a page shows. */
const output = (file: string): string => join(repository, "docs", file);

/** A port that is free now on both addresses of localhost. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

it("an error has a code, and says what to change", async () => {
  const { code, stderr } = await outcome(["lint", "deploy"], { cwd: folderWith({}) });
  expect(code).toBe(2);
  await expect(stderr).toMatchFileSnapshot(output("outputs/error.txt"));
});

it("sockact run refuses npm start, and names the command to write", async () => {
  const cwd = folderWith({ "package.json": { scripts: { start: "node server.js" } }, "server.js": "" });
  const { code, stderr } = await outcome(["run", "--", "npm", "start"], { cwd });
  expect(code).toBe(2);
  await expect(stderr).toMatchFileSnapshot(output("outputs/run-npm-start.txt"));
});

it("sockact run --watch restarts the app when a file is saved", async () => {
  const text = `import express from "express";
import { systemdListen } from "@sockact/express";

const app = express();
app.use(systemdListen());
app.listen(3000);
`;
  const cwd = folderWith({
    "package.json": { type: "module" },
    "server.js": text,
    node_modules: { link: join(repository, "node_modules") },
  });
  const port = await freePort();
  const running = run(["--watch", "--", process.execPath, "server.js"], {
    cwd,
    env: { PORT: String(port) },
  });
  await running.line(/^sockact: ready/);
  writeFileSync(join(cwd, ".server.js.new"), text);
  renameSync(join(cwd, ".server.js.new"), join(cwd, "server.js"));
  await running.line(/^sockact: drained/);
  await expect.poll(() => running.stderr.match(/^sockact: ready/gm)?.length, { timeout: DEADLINE }).toBe(2);
  const { stderr } = running;
  running.kill("SIGTERM");
  await running.ended;
  const shown = stderr.replaceAll(String(port), "3000");
  await expect(shown).toMatchFileSnapshot(output("outputs/run-watch.txt"));
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, onTestFinished, test } from "vitest";
import { describeWith, httpRequest, requestOver } from "@sockact/testkit";
import { appFile, freePort, startApp, type Up } from "./start-app.ts";

const server = appFile("server.mjs");
const command = `${process.execPath} ${JSON.stringify(server)}`;

async function takesNothing(_: string, launcher: string[]): Promise<void> {
  const port = await freePort();
  const { app, early } = startApp(launcher, { PORT: String(port) }, appFolder());
  await using _app = app;
  const up = await app.event<Up>("listening");
  expect(up.pid, "it is a child of the process that systemd has started").not.toBe(app.pid);
  expect(up.address.port).toBe(port);
  await app.line(/SOCKACT_WARN_LAUNCHER/);
  expect((await httpRequest(`localhost:${port}`)).json()).toMatchObject({ pid: up.pid });
  expect(app.stderr.match(/\[SOCKACT_\w+\]/g), "it is said once, and by the app alone").toEqual([
    "[SOCKACT_WARN_LAUNCHER]",
  ]);
  early.destroy();
}

describe("a launcher between the service manager and the app takes nothing: the app listens by itself, and warns that the launcher has the socket", () => {
  test.each<[string, string[]]>([
    ["npm start", ["npm", "start"]],
    ["a shell that runs more than the app", ["sh", "-c", `${command}; :`]],
  ])("%s", takesNothing);

  test.each<[string, string[]]>([
    ["npm exec", ["npm", "exec", "--offline", "--call", command]],
    ["node --watch", [process.execPath, "--watch", server]],
  ])("%s", { tags: "campaign" }, takesNothing);

  describeWith({ node: 22, tags: "campaign" }, "of Node itself", () => {
    test.each<[string, string[]]>([["node --run", [process.execPath, "--run", "start"]]])("%s", takesNothing);
  });
});

describe("the preload", () => {
  test("takes a process manager that has called setupPrimary() and starts the app as a plain child for a launcher too", async () => {
    const port = await freePort();
    const manager = `require("node:cluster").setupPrimary(); require("node:child_process").spawn(process.execPath, [${JSON.stringify(server)}], { stdio: "inherit" })`;
    const { app } = startApp([process.execPath, "--eval", manager], { PORT: String(port) });
    await using _ = app;
    expect((await app.event<Up>("listening")).address.port).toBe(port);
    await app.line(/SOCKACT_WARN_LAUNCHER/);
  });

  test("gives the socket to an app that a shell starts with exec", async () => {
    const { app, early } = startApp(["sh", "-c", `exec ${command}`], { PORT: "3000" });
    await using _ = app;
    expect((await requestOver(early)).json()).toMatchObject({ pid: app.pid });
    expect(app.stderr).not.toContain("Warning");
  });
});

/** The folder of an app whose package.json has a script that starts it. */
function appFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-app-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const manifest = { name: "app", version: "1.0.0", scripts: { start: command } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  return folder;
}

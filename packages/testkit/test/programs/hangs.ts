import { appendFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";
import "../../src/end-of-test.ts";
import { type AppProcess, startProcess } from "../../../testing/src/app-process.ts";

// Run by left-processes.test.ts, one test at a time. These tests hang on purpose.

let ended: AppProcess["ended"] | undefined;

/** Starts an app that runs until it is killed, and adds its pid to the file STARTED. */
async function startForever(): Promise<AppProcess> {
  const app = startProcess([
    process.execPath,
    "-e",
    "setInterval(console.log, 2 ** 30, 0); console.log('up')",
  ]);
  ({ ended } = app);
  await app.line(/^up$/);
  appendFileSync(process.env["STARTED"] as string, `${app.pid}\n`);
  return app;
}

const timeout = 6000;

test("a test times out", { timeout }, async () => {
  await using app = await startForever();
  expect(await app.ended).toBe(0);
});

test("a test times out: its app has gone when the next test begins", async () => {
  expect(await ended).toBe("SIGKILL");
});

test.concurrent("a concurrent test times out", { timeout }, async () => {
  await using app = await startForever();
  expect(await app.ended).toBe(0);
});

test("the worker dies", async () => {
  await using app = await startForever();
  process.kill(process.pid, "SIGKILL");
  expect(await app.ended).toBe(0);
});

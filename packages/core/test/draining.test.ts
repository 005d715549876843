import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startProcess } from "@sockact/testkit";

test("an app drains for everything that its stop calls, from the first event on", async () => {
  const program = fileURLToPath(new URL("programs/draining.cjs", import.meta.url));
  await using app = startProcess([process.execPath, program]);
  await app.event("ready");
  app.kill("SIGTERM");
  expect(await app.ended).toBe(0);
  const printed = app.stdout.trim().split("\n");
  const stop = printed.slice(printed.findIndex((line) => line.startsWith('{"event":"draining"')));
  expect(stop.filter((line) => !line.includes('"draining":true'))).toEqual([]);
  expect(stop).toEqual(expect.arrayContaining([expect.stringContaining('"onDrain"')]));
});

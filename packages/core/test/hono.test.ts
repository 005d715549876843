import process from "node:process";
import { fileURLToPath } from "node:url";
import { freeAddress, httpRequest, socketActivate } from "@sockact/testkit";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("programs/hono.mjs", import.meta.url));

test("an app of Hono, which has no adapter, serves every socket that was passed, and stops with 0", async () => {
  const addresses = await Promise.all((["tcp4", "unix"] as const).map(freeAddress));
  await using app = await socketActivate(addresses, [process.execPath, program]);
  for (const address of addresses)
    expect(await httpRequest(address)).toMatchObject({ status: 200, body: "hello" });
  app.kill("SIGTERM");
  expect(await app.ended).toBe(0);
  expect(app.stderr).not.toContain("SOCKACT_");
});

import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { httpRequest, startProcess } from "@sockact/testkit";

const program = fileURLToPath(new URL("apps/same-middleware.mjs", import.meta.url));

test("two apps with the same middleware each have a lifecycle", async () => {
  await using app = startProcess([process.execPath, program]);
  for (const name of ["first", "second"]) {
    const { port } = await app.event(name);
    expect((await httpRequest(`127.0.0.1:${String(port)}`)).body).toBe(name);
  }
  app.kill("SIGTERM");
  expect(await app.ended).toBe(0);
  for (const event of ["asked whether ready", "stopped"])
    expect(app.stdout.match(new RegExp(`"${event}"`, "g"))).toHaveLength(2);
});

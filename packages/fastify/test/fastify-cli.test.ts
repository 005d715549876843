import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { freeAddress, openConnection, requestOver, socketActivate } from "@sockact/testkit";

const cli = join(dirname(createRequire(import.meta.url).resolve("fastify-cli/package.json")), "cli.js");
const app = fileURLToPath(new URL("apps/cli.mjs", import.meta.url));

describe("fastify-cli, with the delay that the documentation gives", () => {
  test("serves the passed socket, waits for an idle client at a stop, and ends with 0", async () => {
    const address = await freeAddress("tcp4");
    await using running = await socketActivate(
      [address],
      [process.execPath, cli, "start", "--log-level", "info", app],
      { env: { FASTIFY_CLOSE_GRACE_DELAY: "20000" } },
    );
    const client = openConnection(address);
    expect((await requestOver(client)).body).toBe("hello");
    running.kill("SIGTERM");
    await running.line(/onClose is done/);
    expect(await running.ended).toBe(0);
    expect(running.stderr).not.toContain("killed by timeout");
    client.destroy();
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AppProcess,
  freeAddress,
  httpRequest,
  openConnection,
  requestOver,
  socketActivate,
} from "@sockact/testkit";

const app = fileURLToPath(new URL("apps/two-copies.cjs", import.meta.url));

describe("Express with one copy of sockact, and Fastify with another", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-copies-"));
  const bundle = join(folder, "sockact-fastify.cjs");
  beforeAll(async () => {
    await build({
      entryPoints: [fileURLToPath(new URL("../dist/index.js", import.meta.url))],
      bundle: true,
      platform: "node",
      format: "cjs",
      external: ["fastify"],
      outfile: bundle,
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function start(): Promise<[app: AppProcess, web: string, api: string]> {
    const [web, api] = await Promise.all([freeAddress("tcp4"), freeAddress("tcp4")]);
    const running = await socketActivate([web, api], [process.execPath, app, bundle], {
      names: ["web", "api"],
    });
    await running.event("up");
    return [running, web, api];
  }

  describe.concurrent("as ES modules and as a CommonJS bundle", () => {
    test("each serves its own sockets", async () => {
      const [running, web, api] = await start();
      await using _ = running;
      expect((await httpRequest(web)).body).toBe("web");
      expect((await httpRequest(api)).body).toBe("api");
      expect(running.stderr).not.toContain("Warning");
    });

    test("fastify.close() answers a client that pauses between requests, and never with 503", async () => {
      const [running, , api] = await start();
      await using _ = running;
      const client = openConnection(api);
      await requestOver(client);
      running.write("close");
      let answer = await requestOver(client);
      // Ask until close() has been called.
      while (answer.headers.connection === "keep-alive") answer = await requestOver(client);
      expect(answer).toMatchObject({ status: 200, body: "api", headers: { connection: "close" } });
      await running.event("closed");
    });

    test("one signal drains both, and the process ends with 0", async () => {
      const [running, web, api] = await start();
      await using _ = running;
      const clients = [web, api].map(openConnection);
      for (const client of clients) await requestOver(client);
      running.kill("SIGTERM");
      await running.line(/SIGTERM: draining/);
      for (const client of clients)
        expect(await requestOver(client)).toMatchObject({ status: 200, headers: { connection: "close" } });
      expect(await running.ended).toBe(0);
      expect(running.stderr.match(/SIGTERM: draining/g)?.length).toBe(1);
    });
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, freeAddress, httpRequest, openConnection, socketActivate } from "@sockact/testkit";

const app = [process.execPath, fileURLToPath(new URL("apps/other-copy.mjs", import.meta.url))];

describeWith({ commands: ["systemd-socket-activate"] }, "a copy of Koa that a bundler has hidden", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-bundle-"));
  const KOA_COPY = join(folder, "koa.mjs");
  beforeAll(async () => {
    await build({
      stdin: { contents: 'export { default } from "koa";', resolveDir: import.meta.dirname },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: KOA_COPY,
      // What esbuild itself says to add for CommonJS inside of an ES module.
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is served when the app is named, and leaves nothing behind", async () => {
    const address = await freeAddress("unix");
    await using running = await socketActivate([address], app, { env: { KOA_COPY, EXPLICIT: "1" } });
    expect((await httpRequest(address)).json()).toMatchObject({ pid: running.pid });
    expect((await running.event<{ leftovers: string[] }>("listening")).leftovers).toHaveLength(1);
  });

  test("says so with its first request when it is not named", async () => {
    const [address, port] = await Promise.all([freeAddress("unix"), freeAddress("tcp4")]);
    const env = { KOA_COPY, PORT: String(port.split(":").at(-1)) };
    await using running = await socketActivate([address], app, { env });
    openConnection(address).on("error", () => {});
    await running.event("listening");
    expect((await httpRequest(`localhost:${env.PORT}`)).status).toBe(200);
    expect(await running.line(/SOCKACT_UNSEEN/)).toContain("has not found this copy of Koa");
  });

  test("even as CommonJS, with sockact in the same file", async () => {
    const outfile = join(folder, "app.cjs");
    await build({
      stdin: {
        contents: `import Koa from "koa";
          import { systemdListen } from "@sockact/koa";
          const app = new Koa();
          app.use(systemdListen({ app }));
          app.use((ctx) => { ctx.body = "bundled"; });
          app.listen(0);`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile,
    });
    const address = await freeAddress("tcp4");
    await using running = await socketActivate([address], [process.execPath, outfile]);
    expect((await httpRequest(address)).body).toBe("bundled");
    expect(running.stderr).not.toContain("Warning");
  });
});

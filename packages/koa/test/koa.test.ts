import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AppProcess,
  closeAll,
  freeAddress,
  httpRequest,
  portOf,
  rawSocket,
  socketActivate,
  startProcess,
  startWithFds,
} from "@sockact/testkit";

const program = (file: string): string[] => [
  process.execPath,
  fileURLToPath(new URL(`apps/${file}`, import.meta.url)),
];
const app = program("other-copy.mjs");

describe("a copy of Koa that a bundler has hidden", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-bundle-"));
  const KOA_COPY = join(folder, "koa.mjs");
  beforeAll(async () => {
    await build({
      stdin: { contents: 'export { default } from "koa";', resolveDir: import.meta.dirname },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: KOA_COPY,
      // esbuild itself says to add this for CommonJS in an ES module.
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("serves the socket if the app is named, and gets no middleware", async () => {
    const address = await freeAddress("unix");
    await using running = await socketActivate([address], app, { env: { KOA_COPY, EXPLICIT: "1" } });
    expect((await httpRequest(address)).json()).toMatchObject({ pid: running.pid });
    expect((await running.event<{ leftovers: string[] }>("listening")).leftovers).toHaveLength(1);
  });

  test("warns at its first request if the app is not named", async () => {
    const [address, port] = await Promise.all([freeAddress("unix"), freeAddress("tcp4")]);
    const env = { KOA_COPY, PORT: String(port.split(":").at(-1)) };
    await using running = await socketActivate([address], app, { env });
    await running.event("listening");
    expect((await httpRequest(`localhost:${env.PORT}`)).status).toBe(200);
    expect(await running.line(/SOCKACT_WARN_UNSEEN/)).toContain(
      "could not find the app that it was passed to",
    );
  });

  test("answers with an error that names the missing parentheses", async () => {
    await using running = startProcess(app, { env: { KOA_COPY, NOT_CALLED: "1" } });
    const { address } = await running.event<{ address: { port: number } }>("listening");
    expect((await httpRequest(`localhost:${address.port}`)).status).toBe(500);
    expect(await running.line(/ActivationError/)).toContain("Write app.use(systemdListen())");
  });
});

describe.each(["koa2", "koa"])("an app of %s", (FRAMEWORK) => {
  const served = async (running: AppProcess): Promise<number> => {
    const { address, leftovers } = await running.event<{ address: { port: number }; leftovers: string[] }>(
      "listening",
    );
    expect((await httpRequest(`localhost:${address.port}`)).json()).toMatchObject({ pid: running.pid });
    expect(leftovers).toHaveLength(1);
    return address.port;
  };

  test("serves the passed socket, whatever is in the module cache", async () => {
    const fd = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
    const port = portOf(fd);
    await using running = startWithFds([fd], program("odd-cache.cjs"), { env: { FRAMEWORK } });
    closeAll([fd]);
    expect(await served(running)).toBe(port);
  });

  test("serves its port without a passed socket, whatever is in the module cache", async () => {
    await using running = startProcess(program("odd-cache.cjs"), { env: { FRAMEWORK } });
    await served(running);
    expect(running.stderr).not.toContain("SOCKACT");
  });

  test("serves the passed socket if sockact was loaded before Koa", async () => {
    const fd = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
    const port = portOf(fd);
    await using running = startWithFds([fd], program("app.mjs"), { env: { FRAMEWORK } });
    closeAll([fd]);
    expect(await served(running)).toBe(port);
  });

  test("does not start with app.use(systemdListen), and the error names the missing parentheses", async () => {
    await using running = startProcess(program("not-called.mjs"), { env: { FRAMEWORK } });
    expect(await running.ended).toBe(1);
    expect(running.stderr).toContain("sockact: fatal: SOCKACT_ERR_OPTION: ");
    expect(running.stderr).toContain("Write app.use(systemdListen())");
  });
});

test("a middleware that an agent adds later, by the use() that it had before, is not lost", async () => {
  await using running = startProcess(program("late-agent.mjs"));
  const { address } = await running.event<{ address: { port: number } }>("listening");
  expect((await httpRequest(`localhost:${address.port}`)).json()).toMatchObject({ pid: running.pid });
});

test("an app that is no longer used is garbage collected", async () => {
  const fd = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  const [node, file] = program("dropped.mjs") as [string, string];
  await using running = startWithFds([fd], [node, "--expose-gc", file]);
  closeAll([fd]);
  expect(await running.event("collected")).toMatchObject({ collected: true });
});

test("an argument after the options is refused, because JavaScript would ignore it", async () => {
  const code = `import { systemdListen } from "@sockact/koa"; systemdListen({}, { name: "web" });`;
  await using running = startProcess([process.execPath, "--input-type=module", "--eval", code], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
  expect(await running.ended).toBe(1);
  expect(running.stderr).toContain("The options must be the last argument; got another one after them");
});

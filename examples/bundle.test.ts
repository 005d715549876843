import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import {
  describeWith,
  freeAddress,
  httpRequest,
  openConnection,
  requestOver,
  socketActivate,
} from "@sockact/testkit";
import { afterAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const example = join(import.meta.dirname, "bundle");
const bin = join(import.meta.dirname, "../node_modules/.bin");

/** The commands of the README that call Rolldown, by the format that they make. */
const commands = Object.fromEntries(
  [
    ...readFileSync(join(example, "README.md"), "utf8").matchAll(
      /^npx (rolldown .* --format (cjs|esm) .*)$/gm,
    ),
  ].map(([, command, format]) => [format!, command!]),
);

/** Runs such a command for the app of another example. */
async function bundle(format: string, script: string, outfile: string): Promise<void> {
  const command = commands[format]!.replace("server.js", script).replace(/--file .*/, `--file ${outfile}`);
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}` };
  await run("sh", ["-c", `${command} --logLevel silent`], { env, cwd: example });
}

/** Whether the app answers a request, on a connection of its own, and says that it will close that connection. */
async function isLastAnswer(address: string): Promise<boolean> {
  const connection = openConnection(address);
  try {
    return (await requestOver(connection)).headers.connection === "close";
  } finally {
    connection.destroy();
  }
}

test("npm run build is the command of the README", () => {
  const { scripts } = JSON.parse(readFileSync(join(example, "package.json"), "utf8"));
  expect(commands["cjs"]).toBe(scripts.build);
});

describe("an app in one file", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-bundle-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["express", "cjs"],
    ["express", "esm"],
    ["koa", "cjs"],
    ["koa", "esm"],
    ["fastify", "esm"],
  ])(
    "takes the sockets that it is passed, and answers what runs before it ends: %s as %s",
    async (framework, format) => {
      const outfile = join(folder, `${framework}.${format === "cjs" ? "cjs" : "mjs"}`);
      await bundle(format, `../${framework}/server.js`, outfile);
      const address = await freeAddress("tcp4");
      await using app = await socketActivate([address], [process.execPath, outfile], { cwd: folder });
      expect((await httpRequest(address, "/api/whoami")).json()).toMatchObject({ framework, pid: app.pid });

      const client = openConnection(address);
      let answer = "";
      client.setEncoding("utf8").on("data", (text) => (answer += text));
      const head =
        "POST /api/echo HTTP/1.1\r\nHost: app\r\nContent-Type: application/json\r\nContent-Length: 7";
      client.write(`${head}\r\nExpect: 100-continue\r\n\r\n`);
      await new Promise((resolve) => client.once("data", resolve));
      app.kill("SIGTERM");
      // From the signal on, each answer says that it is the last one on its connection.
      while (!(await isLastAnswer(address)));
      client.write('{"a":1}');
      expect(await app.ended).toBe(0);
      expect(answer).toMatch(/HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*\{"a":1\}/i);
      expect(app.stderr).not.toContain("SOCKACT_");
    },
  );

  test("Fastify's example cannot be CommonJS, for the reason that the README gives", async () => {
    const failure = await bundle("cjs", "../fastify/server.js", join(folder, "none.cjs")).catch(String);
    expect(failure).toContain('Module format "cjs" does not support top-level await');
  });

  describeWith({ node: 24 }, "compileCache", () => {
    test.each([
      ["express", "cjs"],
      ["koa", "cjs"],
      ["fastify", "esm"],
    ])("keeps the compiled code of all modules in the bundle: %s as %s", async (framework, format) => {
      const outfile = join(folder, `cached-${framework}.${format === "cjs" ? "cjs" : "mjs"}`);
      await bundle(format, `../${framework}/server.js`, outfile);
      const cache = mkdtempSync(join(folder, "cache-"));
      const address = await freeAddress("tcp4");
      const env = { NODE_COMPILE_CACHE: cache };
      await using app = await socketActivate([address], [process.execPath, outfile], { cwd: folder, env });
      expect((await httpRequest(address, "/api/whoami")).status).toBe(200);
      app.kill("SIGTERM");
      expect(await app.ended).toBe(0);
      const sizes = readdirSync(cache, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
      expect(sizes).toHaveLength(1);
      // Without the functions around the modules, the compiled code is a fiftieth of the bundle.
      expect(sizes[0]).toBeGreaterThan(statSync(outfile).size / 2);
    });
  });
});

// The files in frameworks, which the pages in docs/frameworks show.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text as readText } from "node:stream/consumers";
import { promisify } from "node:util";
import {
  certificateOf,
  freeAddress,
  httpRequest,
  openConnection,
  secureConnection,
  socketActivate,
  webSocketAnswer,
} from "@sockact/testkit";
import { afterAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "..");
const frameworks = join(import.meta.dirname, "frameworks");

describe("the examples on the frameworks' pages", () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  /** A folder with the packages of the repository, settings and a certificate. */
  function appFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "sockact-frameworks-"));
    folders.push(folder);
    cpSync(frameworks, folder, { recursive: true });
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    const { key, cert } = certificateOf("localhost");
    copyFileSync(key, join(folder, "key.pem"));
    copyFileSync(cert, join(folder, "cert.pem"));
    writeFileSync(join(folder, "settings.json"), '{ "greeting": "hello" }');
    return folder;
  }

  const command = (file: string): string[] => [process.execPath, file];

  async function overHttps(address: string): Promise<string> {
    const [response] = await once(get(`https://${address}/`, { rejectUnauthorized: false }), "response");
    return readText(response);
  }

  test("a plugin of Fastify keeps the app awake until its work is done", async () => {
    const address = await freeAddress("tcp4");
    await using app = await socketActivate([address], command("fastify-plugin.mjs"), { cwd: appFolder() });
    expect((await httpRequest(address, "/report")).body).toBe("The report will be ready soon.");
    expect(await app.ended).toBe(0);
    expect(app.stdout).toContain("the report is done");
  });

  test.each(["express", "koa", "fastify"])("%s serves http and https from one app", async (framework) => {
    const addresses = [await freeAddress("tcp4"), await freeAddress("tcp4")] as const;
    await using app = await socketActivate(addresses, command(`${framework}-https.mjs`), {
      cwd: appFolder(),
      names: ["http", "https"],
    });
    expect((await httpRequest(addresses[0])).body).toBe("hello over http");
    expect(await overHttps(addresses[1])).toBe("hello over https");
    expect(app.stderr).not.toContain("SOCKACT_");
  });

  test.each(["express", "koa", "fastify"])(
    "%s reads its settings at a reload, and runs code when it stops",
    async (framework) => {
      const address = await freeAddress("tcp4");
      const cwd = appFolder();
      await using app = await socketActivate([address], command(`${framework}-lifecycle.mjs`), { cwd });
      expect((await httpRequest(address)).body).toBe("hello");
      writeFileSync(join(cwd, "settings.json"), '{ "greeting": "good evening" }');
      app.kill("SIGHUP");
      await app.line(/^reloaded$/m);
      expect((await httpRequest(address)).body).toBe("good evening");
      app.kill("SIGTERM");
      expect(await app.ended).toBe(0);
      const seen = app.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
      expect(seen).toEqual([
        "listening",
        "ready",
        "reloading",
        "reloaded",
        "draining",
        "drained",
        "the last connection has closed",
      ]);
    },
  );

  test("an Express app with socket.io answers requests, and opens sessions of socket.io", async () => {
    const address = await freeAddress("tcp4");
    await using _app = await socketActivate([address], command("express-socket-io.mjs"), {
      cwd: appFolder(),
    });
    expect((await httpRequest(address)).body).toBe("hello");
    const { body } = await httpRequest(address, "/socket.io/?EIO=4&transport=polling");
    expect(body).toMatch(/^0\{"sid":/);
  });

  test("a Koa app with a server of its own answers requests and WebSockets", async () => {
    const address = await freeAddress("tcp4");
    await using _app = await socketActivate([address], command("koa-own-server.mjs"), { cwd: appFolder() });
    expect((await httpRequest(address)).body).toBe("hello");
    expect(await webSocketAnswer(() => openConnection(address), "hello")).toBe("hello");
  });

  test("a Fastify app with a serverFactory answers requests", async () => {
    const address = await freeAddress("tcp4");
    await using _app = await socketActivate([address], command("fastify-server-factory.mjs"), {
      cwd: appFolder(),
    });
    expect((await httpRequest(address)).body).toBe("hello");
  });

  test.each([
    ["nest", "/", "hello"],
    ["nest-fastify", "/", "hello"],
    ["nest-module", "/status", '{"state":"ready","activated":true}'],
  ])("the NestJS app in %s answers requests", async (name, path, body) => {
    const folder = appFolder();
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    // As in a new project of NestJS.
    const options = ["--module", "nodenext", "--target", "es2022"];
    // NestJS has its own copy of Fastify here, whose types are not those of the other copy.
    const check = name === "nest-fastify" ? "--noCheck" : "--strict";
    const types = [check, "--types", "node", "--esModuleInterop", "--skipLibCheck", "--ignoreConfig"];
    const decorators = ["--experimentalDecorators", "--emitDecoratorMetadata"];
    const where = ["--rootDir", "src", "--outDir", "dist", "src/main.ts", "src/app.module.ts"];
    const cwd = join(folder, name);
    writeFileSync(join(cwd, "package.json"), '{ "type": "module" }');
    await run(process.execPath, [tsc, ...options, ...types, ...decorators, ...where], { cwd }).catch(
      ({ stdout }) => {
        throw new Error(stdout);
      },
    );
    const address = await freeAddress("tcp4");
    await using app = await socketActivate([address], command("dist/main.js"), { cwd });
    expect((await httpRequest(address, path)).body).toBe(body);
    app.kill("SIGTERM");
    await app.ended;
    expect(app.stderr).not.toContain("SOCKACT_");
  });

  test("a server of node:https answers", async () => {
    const address = await freeAddress("tcp4");
    await using _app = await socketActivate([address], command("https.mjs"), { cwd: appFolder() });
    expect(await overHttps(address)).toBe("hello");
  });

  test("a server of node:http2 answers HTTP/2 and HTTP/1.1", async () => {
    const address = await freeAddress("tcp4");
    await using _app = await socketActivate([address], command("http2.mjs"), { cwd: appFolder() });
    expect(await overHttps(address)).toBe("hello");
    const connection = await secureConnection(address, ["h2"]);
    const session = connectHttp2("https://localhost", { createConnection: () => connection });
    const answer = session.request({ ":path": "/" }).setEncoding("utf8");
    expect((await answer.toArray()).join("")).toBe("hello");
    session.destroy();
  });

  test("a server of node:net sends back what it gets", async () => {
    const address = await freeAddress("tcp4");
    await using _app = await socketActivate([address], command("net.mjs"), { cwd: appFolder() });
    const client = openConnection(address);
    client.end("hello");
    expect(await readText(client)).toBe("hello");
  });

  test("two servers in one process each get the socket of their name", async () => {
    const addresses = [await freeAddress("tcp4"), await freeAddress("tcp4")] as const;
    await using _app = await socketActivate(addresses, command("two-servers.mjs"), {
      cwd: appFolder(),
      names: ["admin", "http"],
    });
    expect((await httpRequest(addresses[0])).body).toBe("admin");
    expect((await httpRequest(addresses[1])).body).toBe("shop");
  });

  test("a Polka app with the adapter of examples/adapter answers", async () => {
    const address = await freeAddress("tcp4");
    const file = join(import.meta.dirname, "adapter/apps/hello.mjs");
    await using _app = await socketActivate([address], command(file));
    expect((await httpRequest(address)).body).toBe("hello");
  });
});

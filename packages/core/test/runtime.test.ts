import { cpSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type AppProcess,
  closeAll,
  describeWith,
  freeAddress,
  httpRequest,
  rawSocket,
  startProcess,
  startWithFds,
} from "@sockact/testkit";

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const opened: number[] = [];
afterAll(() => closeAll(opened));

async function listener(): Promise<[fd: number, address: string]> {
  const bound = await freeAddress("tcp4");
  const fd = rawSocket("ipv4", "stream", { bound, listening: true });
  opened.push(fd);
  return [fd, bound];
}

test.each(["main first", "worker first"])(
  "a worker thread is refused, and the main thread keeps the socket: %s",
  async (order) => {
    const [fd] = await listener();
    await using app = startWithFds([fd], [process.execPath, program("worker.mjs"), order]);
    expect(await app.event("worker")).toMatchObject({
      code: "SOCKACT_ERR_WORKER_THREAD",
      message:
        "The sockets that were passed to this process can't be used in a worker thread: they would close for the whole process when the thread ends",
    });
    await app.ended;
    expect(app.stdout.match(/\{"event":"main","count":1\}/g)).toHaveLength(order === "main first" ? 2 : 1);
  },
);

test("a worker thread of a process that was not activated listens as usual", async () => {
  await using app = startProcess([process.execPath, program("worker.mjs")]);
  expect(await app.event("worker")).toMatchObject({ activated: false });
});

test("a worker thread of a process that has only a file of OpenFile= listens as usual", async () => {
  const file = openSync("/dev/null", "r");
  opened.push(file);
  await using app = startWithFds([file], [process.execPath, program("worker.mjs"), "main first"]);
  expect(await app.event("worker")).toMatchObject({ activated: false });
});

test("two copies of core in one process share the passed sockets, and each can take some of them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-copies-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const copy of ["one", "two"]) {
    for (const name of ["core", "notify"]) {
      const from = fileURLToPath(new URL(`../../${name}`, import.meta.url));
      const target = join(folder, copy, "node_modules/@sockact", name);
      mkdirSync(target, { recursive: true });
      cpSync(join(from, "dist"), join(target, "dist"), { recursive: true });
      cpSync(join(from, "package.json"), join(target, "package.json"));
    }
    const app = `
      import { createServer } from "node:http";
      import { activatedSockets, listen } from "@sockact/core";
      import { prepareApp } from "@sockact/core/adapter";
      export const sockets = activatedSockets();
      export const app = (req, res) => res.end("${copy}");
      export const start = () => listen(createServer(app), { name: "${copy}" });
      export const startAttached = () => {
        prepareApp({ name: "attached-${copy}" }).attach(app, { owns: (server, listeners) => listeners.has(app) });
        createServer(app).listen(1);
      };`;
    writeFileSync(join(folder, copy, "app.mjs"), app);
  }
  writeFileSync(
    join(folder, "main.mjs"),
    `import * as one from "./one/app.mjs";
     import * as two from "./two/app.mjs";
     await one.start();
     await two.start();
     two.startAttached();
     one.startAttached();
     const refused = await two.start().catch(({ code }) => code);
     console.log(JSON.stringify({ event: "up", same: one.sockets[0] === two.sockets[0], count: two.sockets.length, refused }));`,
  );
  const names = ["one", "two", "attached-one", "attached-two"];
  const sockets = await Promise.all(names.map(listener));
  await using app = startWithFds(
    sockets.map(([fd]) => fd),
    [process.execPath, join(folder, "main.mjs")],
    { names },
  );
  expect(await app.event("up")).toEqual({
    event: "up",
    same: true,
    count: 4,
    refused: "SOCKACT_ERR_SOCKET_CLAIMED",
  });
  const bodies = await Promise.all(sockets.map(async ([, address]) => (await httpRequest(address)).body));
  expect(bodies).toEqual(["one", "two", "one", "two"]);
});

describe("Node's permission model", () => {
  const major = Number(process.versions.node.split(".")[0]);
  const repository = fileURLToPath(new URL("../../..", import.meta.url));
  /** The app, which may read its own files but not /proc. */
  const start = async (...flags: string[]): Promise<[app: AppProcess, address: string]> => {
    const [fd, address] = await listener();
    const model = major < 24 ? "--experimental-permission" : "--permission";
    const command = [
      process.execPath,
      model,
      `--allow-fs-read=${repository}`,
      ...flags,
      program("permission.mjs"),
    ];
    return [startWithFds([fd], command), address];
  };

  test("with --allow-net, and without fs-read of /proc, it serves", async () => {
    const [app, address] = await start(...(major < 26 ? [] : ["--allow-net"]));
    await using running = app;
    expect(await running.event("up")).toMatchObject({ sockets: [{ fd: 3, family: "ipv4", address }] });
    expect((await httpRequest(address)).body).toBe("hello");
  });

  describeWith({ node: 26 }, "of Node 26", () => {
    test("without --allow-net the error names the missing flag", async () => {
      const [app] = await start();
      await using running = app;
      expect(await running.event("refused")).toMatchObject({
        code: "SOCKACT_ERR_PERMISSION",
        hint: expect.stringContaining("--allow-net"),
      });
    });
  });
});

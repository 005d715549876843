import { once } from "node:events";
import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type AppProcess, openRequest, readAnswer, startWithFds } from "@sockact/testkit";
import { systemdSocket } from "./lifecycle-app.ts";
import { type ServiceManager, serviceManager } from "./service-manager.ts";

const program = fileURLToPath(new URL("programs/pending-ready.mjs", import.meta.url));

const READY = /^READY=1\nSTATUS=Serving /;

/** Starts the app with its socket, the descriptor of `OpenFile=`, and one for messages of the app itself. */
function start(socket: number, manager: ServiceManager, env: Record<string, string> = {}): AppProcess {
  const fds = [socket, manager.connect(), manager.connect()];
  return startWithFds(fds, [process.execPath, program], {
    names: ["web", "notify", "own"],
    env: { NOTIFY_SOCKET: manager.NOTIFY_SOCKET, ...env },
  });
}

describe.concurrent("READY=1", () => {
  test("is sent after the response to a client that waits", async () => {
    const [socket, address] = await systemdSocket();
    const manager = serviceManager();
    // The request waits in the kernel before the process starts.
    const request = openRequest(address);
    request.end();
    const [client] = (await once(request, "socket")) as [Socket];
    if (client.connecting) await once(client, "connect");
    await expect.poll(() => client.bytesWritten > 0 && client.writableLength === 0).toBe(true);
    await using _app = start(socket, manager);
    expect(await readAnswer(request)).toMatchObject({ body: "hello" });
    expect(await manager.message()).toBe("answered /, 0 bytes to write");
    expect(await manager.message()).toMatch(READY);
  });

  test("after a reload says that there was nothing to reload", async () => {
    const [socket] = await systemdSocket();
    const manager = serviceManager();
    await using app = start(socket, manager);
    expect(await manager.message()).toMatch(READY);
    app.kill("SIGHUP");
    expect(await manager.message()).toMatch(/^RELOADING=1\n/);
    expect(await manager.message()).toMatch(
      /^READY=1\nSTATUS=Serving .+; nothing was reloaded, as the app has no onReload$/,
    );
  });

  test("ends a reload that begins in the same message, if a command waits for the result of a handover", async () => {
    const [socket] = await systemdSocket();
    const manager = serviceManager();
    // Nothing reads the result.
    const SOCKACT_RELOAD_RESULT = join(dirname(manager.NOTIFY_SOCKET), "result");
    await using app = start(socket, manager, { HANDOVER: "yes", SOCKACT_RELOAD_RESULT });
    expect(await manager.message()).toMatch(READY);
    app.kill("SIGHUP");
    const messages = [await manager.message()];
    while (!messages.join("\n").includes("MAINPID=")) messages.push(await manager.message());
    process.kill(Number(/MAINPID=(\d+)/.exec(messages.join("\n"))?.[1]), "SIGTERM");
    expect(messages).toEqual([
      expect.stringMatching(/^EXTEND_TIMEOUT_USEC=/),
      expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+\nMAINPID=\d+\nREADY=1\n/),
    ]);
    expect(await app.ended).toBe(0);
  });

  test("is sent without a client too", async () => {
    const [socket] = await systemdSocket();
    const manager = serviceManager();
    await using app = start(socket, manager);
    expect(await manager.message()).toMatch(READY);
    app.kill("SIGTERM");
    expect(await manager.message()).toMatch(/^STOPPING=1\n/);
    expect(await app.ended).toBe(0);
  });

  test.each(["close", "0"])("is sent by a process that ends as soon as it listens: %s", async (END) => {
    const [socket] = await systemdSocket();
    const manager = serviceManager();
    await using app = start(socket, manager, { END });
    expect(await app.ended).toBe(0);
    expect(await manager.message()).toMatch(READY);
  });

  test("is not sent by a process that fails as soon as it listens", async () => {
    const [socket] = await systemdSocket();
    const manager = serviceManager();
    await using app = start(socket, manager, { END: "3" });
    expect(await app.ended).toBe(3);
    writeSync(manager.connect(), "the next message");
    expect(await manager.message()).toBe("the next message");
  });
});

import { mkdtempSync, read, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type AppProcess, closeAll, httpRequest, rawSocket, startWithFds } from "@sockact/testkit";
import { systemdSocket } from "./lifecycle-app.ts";

const program = fileURLToPath(new URL("programs/pending-ready.mjs", import.meta.url));
const opened: number[] = [];
afterAll(() => closeAll(opened));

const READY = /^READY=1\nSTATUS=Serving /;

/** The socket of a service manager, and two descriptors that lead to it: the one of `OpenFile=`, and one for the app. */
function serviceManager(): { NOTIFY_SOCKET: string; fds: [number, number]; message: () => Promise<string> } {
  const folder = mkdtempSync(join(tmpdir(), "sockact-ready-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const NOTIFY_SOCKET = join(folder, "notify");
  const manager = rawSocket("unix", "datagram", { bound: NOTIFY_SOCKET });
  const connect = (): number => rawSocket("unix", "datagram", { connectedTo: NOTIFY_SOCKET });
  const fds: [number, number] = [connect(), connect()];
  opened.push(manager, ...fds);
  const message = async (): Promise<string> => {
    const { bytesRead, buffer } = await promisify(read)(manager, Buffer.alloc(5000), 0, 5000, null);
    return buffer.toString("utf8", 0, bytesRead);
  };
  return { NOTIFY_SOCKET, fds, message };
}

function start(
  socket: number,
  { NOTIFY_SOCKET, fds }: ReturnType<typeof serviceManager>,
  env: Record<string, string> = {},
): AppProcess {
  return startWithFds([socket, ...fds], [process.execPath, program], {
    names: ["web", "notify", "own"],
    env: { NOTIFY_SOCKET, ...env },
  });
}

describe("READY=1", () => {
  test("is sent after the response to a client that waits", async () => {
    const [socket, address] = await systemdSocket();
    const manager = serviceManager();
    // The client waits in the kernel before the process starts.
    const response = httpRequest(address);
    await using _app = start(socket, manager);
    expect((await response).body).toBe("hello");
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
    writeSync(manager.fds[1], "the next message");
    expect(await manager.message()).toBe("the next message");
  });
});

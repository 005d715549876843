import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { describeWith } from "@sockact/testkit";
import { ipSockets, unixSockets } from "./socket-tables.ts";

const program = fileURLToPath(new URL("../../../test/programs/own-network.mjs", import.meta.url));
const userNamespace = process.getuid?.() === 0 ? [] : ["--map-root-user"];

/** A process in a network with no other sockets than its own. */
async function ownNetwork(): Promise<{ folder: string; open: (sockets: object) => Promise<void> }> {
  const script = 'ip link set lo up && exec "$@"';
  const command = [...userNamespace, "--net", "sh", "-c", script, "sh", process.execPath, program];
  const child = spawn("unshare", command, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  return {
    folder: `/proc/${child.pid}/net`,
    open: async (sockets) => {
      child.send(sockets);
      await once(child, "message");
    },
  };
}

describeWith({ commands: ["ip", "unshare"] }, "the tables of sockets", () => {
  test("all of a table, however long it is", async () => {
    const { folder, open } = await ownNetwork();
    await open({ tcp: 1 });
    for (let count = 1; count <= 60; count++) {
      await open({ connections: 1 });
      // The listening socket, and both ends of each connection.
      expect([...ipSockets("tcp", folder)]).toHaveLength(1 + 2 * count);
    }
  });

  test("each connection once, although sockets are opened between two reads", async () => {
    const { folder, open } = await ownNetwork();
    await open({ tcp: 40, connections: 5 });
    const sockets = ipSockets("tcp", folder);
    const read = Array.from({ length: 50 }, () => sockets.next().value);
    await open({ tcp: 10 });
    // The kernel goes on with the 51st, and that is a connection again, because listening sockets come first.
    expect([...read, ...sockets]).toHaveLength(50);
  });

  test("each unix socket once", async () => {
    const { folder, open } = await ownNetwork();
    await open({ unix: 2000 });
    const sockets = unixSockets(folder);
    const read = Array.from({ length: 100 }, () => sockets.next().value);
    // The kernel goes on with the same place of the same hash bucket, and new sockets are its first.
    await open({ unix: 2000 });
    const inodes = [...read, ...sockets].map((socket) => socket?.inode);
    expect(inodes).toHaveLength(new Set(inodes).size);
    expect(inodes.length).toBeGreaterThanOrEqual(2000);
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ListenOptions } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { describeWith } from "@sockact/testkit";
import { ipSockets, unixSockets } from "./socket-tables.ts";

const program = fileURLToPath(new URL("../../../test/programs/own-network.mjs", import.meta.url));
const userNamespace = process.getuid?.() === 0 ? [] : ["--map-root-user"];

const tcp = (count: number): ListenOptions[] =>
  Array.from({ length: count }, () => ({ port: 0, host: "127.0.0.1" }));
/** Their files are in the folder of the process. */
const unix = (from: number, to: number, end = ""): ListenOptions[] =>
  Array.from({ length: to - from }, (_, index) => ({ path: `s${from + index}${end}` }));

interface Sockets {
  listen?: ListenOptions[];
  connections?: number;
}

/** A process in a network with no other sockets than its own. */
async function ownNetwork(): Promise<{ folder: string; open: (sockets: Sockets) => Promise<void> }> {
  const cwd = mkdtempSync(join(tmpdir(), "own-network-"));
  const script = 'ip link set lo up && exec "$@"';
  const command = [...userNamespace, "--net", "sh", "-c", script, "sh", process.execPath, program];
  const child = spawn("unshare", command, { cwd, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = once(child, "exit").then(() => Promise.reject(new Error("The process has ended.")));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended.catch(() => {});
    rmSync(cwd, { recursive: true });
  });
  const answered = () => Promise.race([once(child, "message"), ended]);
  await answered();
  return {
    folder: `/proc/${child.pid}/net`,
    open: async (sockets) => {
      child.send(sockets);
      await answered();
    },
  };
}

describeWith({ commands: ["ip", "unshare"] }, "the tables of sockets", () => {
  test("all of a table, however long it is", async () => {
    const { folder, open } = await ownNetwork();
    await open({ listen: tcp(1) });
    for (let count = 1; count <= 60; count++) {
      await open({ connections: 1 });
      // The listening socket, and both ends of each connection.
      expect([...ipSockets("tcp", folder)]).toHaveLength(1 + 2 * count);
    }
  });

  test("each connection once, although sockets are opened between two reads", async () => {
    const { folder, open } = await ownNetwork();
    await open({ listen: tcp(40), connections: 5 });
    const sockets = ipSockets("tcp", folder);
    const read = Array.from({ length: 50 }, () => sockets.next().value);
    await open({ listen: tcp(10) });
    // The kernel goes on with the 51st, and that is a connection again, because listening sockets come first.
    expect([...read, ...sockets]).toHaveLength(50);
  });

  test("each unix socket once", async () => {
    const { folder, open } = await ownNetwork();
    await open({ listen: unix(0, 2000) });
    const sockets = unixSockets(folder);
    const read = Array.from({ length: 100 }, () => sockets.next().value);
    // The kernel goes on with the same place of the same hash bucket, and new sockets are its first.
    await open({ listen: unix(2000, 4000) });
    const inodes = [...read, ...sockets].map((socket) => socket?.inode);
    expect(inodes).toHaveLength(new Set(inodes).size);
    expect(inodes.length).toBeGreaterThanOrEqual(2000);
  });

  test("each unix socket, although paths with a line break look like other rows with its address", async () => {
    const { folder, open } = await ownNetwork();
    await open({ listen: [{ path: "shop" }] });
    const [, row = ""] = readFileSync(`${folder}/unix`, "utf8").split("\n");
    const forged = row.replace("00010000 0001 01", "00000000 0001 03");
    expect(forged).not.toBe(row);
    // The kernel lists sockets by a hash of their inode: with so many, some are before it.
    await open({ listen: unix(0, 500, `\n${forged}`) });
    const found = [...unixSockets(folder)].filter(
      ({ path, flags }) => path === "shop" && flags === "00010000",
    );
    expect(found).toHaveLength(1);
  });
});

// Starts activated processes in a network namespace that has COUNT connections: KIND COUNT UNIX FOLDER.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startWithFds } from "../../packages/testkit/src/activated-process.ts";
import { startProcess } from "../../packages/testkit/src/app-process.ts";
import { closeAll, rawSocket } from "../../packages/testkit/src/raw-sockets.ts";

/** How many sockets each file of /proc/net lists. */
export type Tables = Record<"tcp" | "tcp6" | "unix", number>;

/** The time of one process for each round, in milliseconds. */
export type Measured = Record<"ours" | "naive", number[]>;

const ROUNDS = 15;

/** How many connections one holder has. It holds both ends of each, and some machines allow 20,000 descriptors. */
const SHARE = 5000;

const [kind = "tcp", count = "0", unix = "path", folder = "."] = process.argv.slice(2);
const holder = fileURLToPath(new URL("hold-connections.ts", import.meta.url));
const ours = fileURLToPath(new URL("../../packages/core/test/programs/classify.mjs", import.meta.url));
const naive = fileURLToPath(new URL("whole-tables.mjs", import.meta.url));

const holders = Array.from({ length: Math.ceil(Number(count) / SHARE) }, (_, index) => {
  const address = kind === "tcp" ? `127.0.0.${2 + index}:8000` : join(folder, `${index}.sock`);
  const share = Math.min(SHARE, Number(count) - index * SHARE);
  return startProcess([process.execPath, ...process.execArgv, holder, address, String(share)]);
});
await Promise.all(holders.map((held) => held.event("held")));

const rows = (table: keyof Tables): number =>
  readFileSync(`/proc/net/${table}`, "latin1").split("\n").length - 2;
const say = (event: string, more: object): boolean =>
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

async function time(program: string, fds: number[]): Promise<number> {
  await using app = startWithFds(fds, [process.execPath, program]);
  const { sockets, milliseconds } = await app.event<{
    sockets: { kind: string }[];
    milliseconds: number;
  }>("asked");
  if (sockets.length !== fds.length || sockets.some(({ kind: found }) => found !== "listener"))
    throw new Error(`${program} found ${JSON.stringify(sockets)}`);
  return milliseconds;
}

// The kernel sorts /proc/net/unix by the inode of the path, modulo 256. These 256 sockets are spread over the table, and the rounds take them from evenly spaced places.
const unixSockets = Array.from({ length: 256 }, (_, index) => {
  const address = unix === "path" ? join(folder, `listener-${index}.sock`) : `@sockact-bench-${index}`;
  const fd = rawSocket("unix", "stream", { bound: address, listening: true });
  return { fd, place: unix === "path" ? statSync(address).ino % 256 : index };
}).sort((a, b) => a.place - b.place);

say("ready", { tables: { tcp: rows("tcp"), tcp6: rows("tcp6"), unix: rows("unix") } satisfies Tables });
const measured: Measured = { ours: [], naive: [] };
for (let round = 0; round < ROUNDS; round++) {
  const unixSocket = unixSockets[Math.floor(((round + 0.5) / ROUNDS) * unixSockets.length)];
  const fds = [
    rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true }),
    rawSocket("ipv6", "stream", { bound: "[::1]:0", listening: true }),
    unixSocket?.fd as number,
  ];
  try {
    measured.ours.push(await time(ours, fds));
    measured.naive.push(await time(naive, fds));
  } finally {
    closeAll(fds.slice(0, 2));
  }
}
say("measured", measured);
closeAll(unixSockets.map(({ fd }) => fd));
await Promise.all(holders.map((held) => held[Symbol.asyncDispose]()));

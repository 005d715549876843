// One network namespace with so many connections, in which it starts an activated process whenever it is told to: KIND COUNT UNIX FOLDER.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startWithFds } from "../packages/testkit/src/activated-process.ts";
import { startProcess } from "../packages/testkit/src/app-process.ts";
import { closeAll, rawSocket } from "../packages/testkit/src/raw-sockets.ts";

/** How many sockets each file of /proc/net lists. */
export type Tables = Record<"tcp" | "tcp6" | "unix", number>;

/** Of one process each, in milliseconds. */
export interface Measured {
  ours: number;
  naive: number;
}

/** Connections of one holder: it has both ends of each, within the 20,000 descriptors that some computers allow. */
const SHARE = 5000;

const [kind = "tcp", count = "0", unix = "path", folder = "."] = process.argv.slice(2);
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const holders = Array.from({ length: Math.ceil(Number(count) / SHARE) }, (_, index) => {
  const address = kind === "tcp" ? `127.0.0.${2 + index}:8000` : join(folder, `${index}.sock`);
  return startProcess([
    process.execPath,
    ...process.execArgv,
    path("hold-connections.ts"),
    address,
    String(Math.min(SHARE, Number(count) - index * SHARE)),
  ]);
});
await Promise.all(holders.map((holder) => holder.event("held")));

const rows = (table: keyof Tables): number =>
  readFileSync(`/proc/net/${table}`, "latin1").split("\n").length - 2;
const say = (event: string, more: object): boolean =>
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

let round = 0;

async function measure(): Promise<Measured> {
  // The kernel sorts /proc/net/unix by the inode of the path, modulo 256, so each round takes another.
  const spread = join(folder, `round-${++round}`);
  for (let file = 0; file < 17; file++) writeFileSync(`${spread}-${file}`, "");
  const fds = [
    rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true }),
    rawSocket("ipv6", "stream", { bound: "[::1]:0", listening: true }),
    rawSocket("unix", "stream", {
      bound: unix === "path" ? `${spread}.sock` : `@sockact-bench-${round}`,
      listening: true,
    }),
  ];
  const time = async (program: string): Promise<number> => {
    await using app = startWithFds(fds, [process.execPath, program]);
    const { sockets, milliseconds } = await app.event<{
      sockets: { kind: string }[];
      milliseconds: number;
    }>("asked");
    if (sockets.length !== 3 || sockets.some(({ kind: found }) => found !== "listener"))
      throw new Error(`${program} found ${JSON.stringify(sockets)}`);
    return milliseconds;
  };
  try {
    return {
      ours: await time(path("../packages/core/test/programs/classify.mjs")),
      naive: await time(path("whole-tables.mjs")),
    };
  } finally {
    closeAll(fds);
  }
}

say("ready", { tables: { tcp: rows("tcp"), tcp6: rows("tcp6"), unix: rows("unix") } satisfies Tables });
for await (const _ of createInterface({ input: process.stdin })) say("measured", await measure());
process.exit();

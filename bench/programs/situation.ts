// Holds COUNT connections of one KIND, tcp, unix or abstract, and starts activated processes next to them:
// situation.ts KIND COUNT SHARE FOLDER. Each holder process has SHARE of them. Each line of its input is a
// kind and a number of sockets to pass: "tcp 16".
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startWithFds } from "../../packages/testing/src/activated-process.ts";
import { type AppProcess, startProcess } from "../../packages/testing/src/app-process.ts";
import { closeAll, rawSocket } from "../../packages/testing/src/raw-sockets.ts";

const [kind = "", count = "", share = "", folder = ""] = process.argv.slice(2);
const holder = fileURLToPath(new URL("hold-connections.ts", import.meta.url));
const program = fileURLToPath(new URL("../../packages/core/test/programs/classify.mjs", import.meta.url));

const addresses: Record<string, (index: number) => string> = {
  // Each holder connects from its own address. Otherwise all of them would share the ports of 127.0.0.1.
  tcp: (index) => `127.0.0.${2 + index}:0`,
  unix: (index) => join(folder, `${index}.sock`),
  abstract: (index) => `@sockact-bench-${index}`,
};
const addressOf = (which: string, index: number): string => addresses[which]!(index);
const say = (event: string, more = {}): boolean =>
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const holders: AppProcess[] = [];
while (holders.length < Number(count) / Number(share)) {
  const address = addressOf(kind, holders.length);
  const held = startProcess([process.execPath, ...process.execArgv, holder, address, share]);
  await held.event("held");
  holders.push(held);
  say("held");
}

/**
 * Each socket has an address that no earlier one had: the kernel sorts /proc/net/unix by the inode or by the
 * name, so each round has other places in it.
 */
let made = holders.length;

for await (const line of createInterface({ input: process.stdin })) {
  const [passed = "", number] = line.split(" ");
  const family = passed === "tcp" ? "ipv4" : "unix";
  const fds = Array.from({ length: Number(number) }, () => {
    const bound = passed === "tcp" ? "127.0.0.1:0" : addressOf(passed, made++);
    return rawSocket(family, "stream", { bound, listening: true });
  });
  try {
    await using app = startWithFds(fds, [process.execPath, program]);
    const { sockets, milliseconds, cpu } = await app.event<{
      sockets: { kind: string }[];
      milliseconds: number;
      cpu: number;
    }>("asked");
    const listeners = sockets.filter((socket) => socket.kind === "listener").length;
    if (listeners !== fds.length) throw new Error(`${listeners} of ${fds.length} sockets were found`);
    say("asked", { milliseconds, cpu });
  } finally {
    closeAll(fds);
  }
}
await Promise.all(holders.map((held) => held[Symbol.asyncDispose]()));

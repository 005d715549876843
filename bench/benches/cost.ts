// What sockact costs a server: CPU for a request and for a connection, and the heap after many of both.
//
// npm run bench -- cost [OTHER_CHECKOUT] [--requests N] [--connections N] [--rounds N] [--servers node,core,handover,express,koa,fastify]
//
// "handover" is the same server as "core" with `handover: true`, while nothing is handed over. With OTHER_CHECKOUT, another checkout of this repository that is built (`npm ci && npx turbo run build`), both are measured in turn.
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startWithFds } from "../../packages/testkit/src/activated-process.ts";
import { type AppProcess, startProcess } from "../../packages/testkit/src/app-process.ts";
import { closeAll, portOf, rawSocket } from "../../packages/testkit/src/raw-sockets.ts";

/** How many requests and connections come first and are not measured. After them, Node has compiled the code. */
const WARM_UP = 0.1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: "string", default: "200000" },
    connections: { type: "string", default: "20000" },
    rounds: { type: "string", default: "4" },
    servers: { type: "string", default: "node,core,handover,express,koa,fastify" },
  },
});
const requests = Number(values.requests);
const connections = Number(values.connections);
const rounds = Number(values.rounds);
const servers = values.servers.split(",");

const here = fileURLToPath(new URL("../..", import.meta.url));
const [other] = positionals;
const checkouts = other === undefined ? [here] : [here, resolve(other)];

interface Cost {
  /** CPU time of the process, in microseconds: up to the question, and after the garbage collection. */
  before: number;
  after: number;
  /** Bytes in use. */
  heap: number;
}

/** CPU in microseconds, heap in KiB. */
type Measured = Record<"request" | "connection" | "heap", number>;

const serverProgram = fileURLToPath(new URL("../programs/cost-server.mjs", import.meta.url));
const clientsProgram = fileURLToPath(
  new URL("../../packages/testkit/src/amount-program.mjs", import.meta.url),
);

async function cost(server: AppProcess): Promise<Cost> {
  server.write("cost");
  return server.event<Cost>("cost");
}

async function send(port: number, amount: number, how: "keep-alive" | "fresh"): Promise<void> {
  await using sending = startProcess([process.execPath, clientsProgram, String(port), String(amount), how]);
  if ((await sending.ended) !== 0) throw new Error(`The clients failed:\n${sending.stderr}`);
}

async function measure(checkout: string, kind: string): Promise<Measured> {
  const fd = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  try {
    const port = portOf(fd);
    const command = [process.execPath, "--expose-gc", serverProgram, checkout, kind];
    await using server = startWithFds([fd], command);
    await server.event("listening");
    await send(port, Math.ceil(requests * WARM_UP), "keep-alive");
    await send(port, Math.ceil(connections * WARM_UP), "fresh");
    const start = await cost(server);
    await send(port, requests, "keep-alive");
    const between = await cost(server);
    await send(port, connections, "fresh");
    const end = await cost(server);
    return {
      request: (between.before - start.after) / requests,
      connection: (end.before - between.after) / connections,
      heap: end.heap / 1024,
    };
  } finally {
    closeAll([fd]);
  }
}

const median = (numbers: number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
};

/** The medians. For two checkouts also the ratio of the first to the second, with the lowest and the highest ratio of a round. */
function compared(which: keyof Measured, [ours = [], theirs = []]: Measured[][]): string {
  const [mine, its] = [ours, theirs].map((all) => all.map((measured) => measured[which])) as [
    number[],
    number[],
  ];
  const digits = which === "heap" ? 0 : 1;
  if (its.length === 0) return median(mine).toFixed(digits);
  const ratios = mine.map((value, round) => value / (its[round] as number));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  const ratio = (median(mine) / median(its)).toFixed(2);
  return `${median(mine).toFixed(digits)} / ${median(its).toFixed(digits)} = ${ratio} (${least} to ${most})`;
}

function commitOf(checkout: string): string {
  const git = ["-C", checkout, "describe", "--always", "--dirty"];
  return `${execFileSync("git", git, { encoding: "utf8" }).trim()} in ${checkout}`;
}

console.log(
  `Node ${process.version}, ${requests} requests and ${connections} connections with a request each, medians of ${rounds} rounds`,
);
console.log(checkouts.map(commitOf).join("\n/ "));
const rows: Record<string, Record<string, string>> = {};
for (const kind of servers) {
  const measured: Measured[][] = checkouts.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...checkouts.keys()];
    // Each checkout comes first in half of the rounds, in case the order matters.
    if (round % 2 === 1) order.reverse();
    for (const index of order) measured[index]?.push(await measure(checkouts[index] as string, kind));
  }
  rows[kind] = {
    "CPU for a request, µs": compared("request", measured),
    "CPU for a connection, µs": compared("connection", measured),
    "heap at the end, KiB": compared("heap", measured),
  };
  console.log(kind, rows[kind]);
}
console.table(rows);

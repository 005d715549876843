// Holds WebSockets to port 80 open: `node websocket-clients.mjs COUNT [busy]`. One that closes connects again at once. Between the lines `begin` and `end` on
// standard input, a message is always under way on one of them, and with `busy` on each. Then it prints how long the longest one has waited, in
// milliseconds, and how many WebSockets have closed.
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const count = Number(process.argv[2]);
const isBusy = process.argv[3] === "busy";
/** How many connect at the same time. */
const AT_ONCE = 200;
const open = new Map();
let closed = 0;
let longest = 0;
let isAsking = false;

async function connect(index) {
  const ws = new WebSocket("ws://127.0.0.1:80/", { perMessageDeflate: false });
  ws.on("error", () => {});
  ws.on("close", () => {
    if (open.delete(index)) closed += 1;
    void connect(index);
  });
  ws.on("open", () => open.set(index, ws));
  return once(ws, "open").catch(() => {});
}

/** Resolves with true if the WebSocket has echoed, and with false if it has closed before. */
async function ask(index) {
  const ws = open.get(index);
  if (ws === undefined) return false;
  const end = new AbortController();
  const { signal } = end;
  ws.send("hello");
  const echoed = await Promise.race([
    once(ws, "message", { signal }).then(() => true),
    once(ws, "close", { signal }).then(() => false),
  ]);
  end.abort();
  return echoed;
}

async function askAlways(own) {
  while (isAsking) {
    const index = own ?? Math.floor(Math.random() * count);
    const began = performance.now();
    while (!(await ask(index))) await new Promise((resolve) => setTimeout(resolve, 1));
    longest = Math.max(longest, performance.now() - began);
  }
}

for (let first = 0; first < count; first += AT_ONCE)
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => connect(first + index)),
  );
console.log(JSON.stringify({ event: "running" }));
let asking = [];
for await (const line of createInterface(process.stdin)) {
  if (line === "begin") {
    [longest, closed, isAsking] = [0, 0, true];
    const askers = isBusy ? Array.from({ length: count }, (_, index) => index) : [undefined];
    asking = askers.map((index) => askAlways(index));
  }
  if (line !== "end") continue;
  while (open.size < count) await new Promise((resolve) => setTimeout(resolve, 1));
  isAsking = false;
  await Promise.all(asking);
  console.log(JSON.stringify({ event: "seen", longest, closed }));
}

// Holds WebSockets to port 80 open: `node websocket-clients.mjs COUNT`. One that closes connects again at once. A message is always under way on one of them.
// After the line `look` on standard input, prints how long the longest one has waited, in milliseconds, and how many WebSockets have closed since the last look.
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const count = Number(process.argv[2]);
/** How many connect at the same time. */
const AT_ONCE = 200;
const open = new Map();
let closed = 0;
let longest = 0;

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

async function askAlways() {
  for (;;) {
    const index = Math.floor(Math.random() * count);
    const began = performance.now();
    while (!(await ask(index))) await new Promise((resolve) => setTimeout(resolve, 1));
    longest = Math.max(longest, performance.now() - began);
  }
}

for (let first = 0; first < count; first += AT_ONCE)
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => connect(first + index)),
  );
void askAlways();
console.log(JSON.stringify({ event: "running" }));
for await (const line of createInterface(process.stdin)) {
  if (line !== "look") continue;
  while (open.size < count) await new Promise((resolve) => setTimeout(resolve, 1));
  console.log(JSON.stringify({ event: "seen", longest, closed }));
  [longest, closed] = [0, 0];
}

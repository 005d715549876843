import { once } from "node:events";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
const count = Number(process.argv[2]);
const all = [];
const closed = {};
for (let i = 0; i < count; i += 200) {
  const some = Array.from({ length: Math.min(200, count - i) }, () => new WebSocket("ws://127.0.0.1:80/chat", { perMessageDeflate: false }));
  for (const ws of some) {
    ws.on("close", (code) => (closed[code] = (closed[code] ?? 0) + 1));
    ws.on("error", () => {});
    ws.on("message", (d) => ws.answer?.(d.toString()));
  }
  await Promise.all(some.map((ws) => once(ws, "open")));
  all.push(...some);
}
console.log(JSON.stringify({ event: "running" }));
let longest = 0;
const probe = async () => {
  const ws = all[Math.floor(Math.random() * all.length)];
  const t = performance.now();
  await new Promise((resolve) => { ws.answer = resolve; ws.send("p"); });
  longest = Math.max(longest, performance.now() - t);
  setTimeout(probe, 2);
};
void probe();
for await (const line of createInterface(process.stdin)) {
  console.log(JSON.stringify({ event: "seen", open: all.filter((ws) => ws.readyState === 1).length, closed, longest: Math.round(longest) }));
  longest = 0;
}

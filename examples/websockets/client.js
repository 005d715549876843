// Sends a message every 20 ms until Ctrl-C, and connects again when the server goes away: node client.js [URL]
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";

const url = process.argv[2] ?? "ws://localhost:3000";
/** The messages that the server has not acknowledged yet, by their number. */
const pending = new Map();
/** How many messages each process of the server has acknowledged. */
const acknowledged = new Map();
let isDone = false;
let socket;

function connect() {
  socket = new WebSocket(url);
  // A message that crosses the close frame gets no answer, so it is sent again.
  socket.on("open", () => pending.forEach((message) => socket.send(message)));
  socket.on("message", (data) => {
    const { id, pid } = JSON.parse(data);
    if (!pending.delete(id)) return;
    if (!acknowledged.has(pid)) console.log(`Process ${pid} acknowledges the messages`);
    acknowledged.set(pid, (acknowledged.get(pid) ?? 0) + 1);
  });
  socket.on("error", (error) => console.log(error.message));
  socket.on("close", (code) => {
    console.log(`Closed with code ${code}`);
    // Code 1001 says that the server goes away. The next one is there, or about to start.
    if (!isDone) setTimeout(connect, code === 1001 ? 0 : 500);
  });
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());

connect();
let sent = 0;
for (; !stop.signal.aborted; sent++) {
  pending.set(sent, JSON.stringify({ id: sent }));
  if (socket.readyState === WebSocket.OPEN) socket.send(pending.get(sent));
  await delay(20);
}
while (pending.size > 0) await delay(20);
isDone = true;
socket.close();

for (const [pid, count] of acknowledged) console.log(`Process ${pid} has acknowledged ${count} messages`);
console.log(`${sent} messages sent, ${sent - pending.size} acknowledged`);

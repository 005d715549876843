// Clients of echo-app.mjs that never leave it idle: `node flooding-clients.mjs PORT COUNT IN_FLIGHT`. Each one sends the next number as soon as one has come back. After the line `end` on standard input, they wait for the rest, and print what they have seen.
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const [port, count, inFlight] = process.argv.slice(2).map(Number);
const result = { opened: 0, closed: {}, wrong: [], messages: 0 };
let isOver = false;

async function flood() {
  const ws = new WebSocket(`ws://127.0.0.1:${port}`);
  let sent = 0;
  let got = 0;
  const closed = once(ws, "close");
  ws.on("message", (data) => {
    got += 1;
    result.messages += 1;
    const number = Number(/** @type {Buffer} */ (data).toString());
    if (number !== got) result.wrong.push(`expected ${got}, got ${number}`);
    if (!isOver) ws.send(String(++sent));
    else if (got === sent) ws.close(1000);
  });
  await once(ws, "open");
  result.opened += 1;
  for (let messages = 0; messages < inFlight; messages += 1) ws.send(String(++sent));
  const [code] = await closed;
  if (code !== 1000) result.closed[code] = (result.closed[code] ?? 0) + 1;
}

const running = Promise.all(Array.from({ length: count }, () => flood()));
console.log(JSON.stringify({ event: "running" }));
await once(createInterface(process.stdin), "line");
isOver = true;
await running;
console.log(JSON.stringify({ event: "result", ...result }));

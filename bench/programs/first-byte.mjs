// Connects to all ports of each line that comes in, at the same moment. Prints the milliseconds until the first byte of each answer.
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";

/** How long the answer may take, in milliseconds. */
const DEADLINE = 20_000;

async function firstByte(port) {
  const start = performance.now();
  const client = connect(Number(port), "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const [answer] = await once(client, "data", { signal: AbortSignal.timeout(DEADLINE) });
  const milliseconds = performance.now() - start;
  client.destroy();
  if (!String(answer).startsWith("HTTP/1.1 200")) throw new Error(`The app answered ${answer}`);
  return milliseconds;
}

for await (const ports of createInterface({ input: process.stdin })) {
  const milliseconds = await Promise.all(ports.split(" ").map(firstByte));
  process.stdout.write(`${JSON.stringify({ event: "answered", milliseconds })}\n`);
}

// Connects to all ports, or to all host names over TLS, of each line that comes in, at the same moment. Prints the
// milliseconds until the first byte of each answer.
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";

/** How long the answer may take, in milliseconds. */
const DEADLINE = 20_000;

async function firstByte(target) {
  const start = performance.now();
  const isPort = /^\d+$/.test(target);
  const client = isPort
    ? connect(Number(target), "127.0.0.1")
    : connectTls({ port: 443, host: target, servername: target, rejectUnauthorized: false });
  const host = isPort ? "localhost" : target;
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
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

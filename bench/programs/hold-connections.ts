// Listens at ADDRESS, connects to itself COUNT times, and holds both ends of each connection until its standard input ends.
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { rawSocket } from "../../packages/testkit/src/raw-sockets.ts";

/** How many connections may wait to be accepted: fewer than any kernel's net.core.somaxconn. */
const WAITING = 100;

const [address = "", count = "0"] = process.argv.slice(2);
const [host, port] = address.split(":");
let accepted = 0;
const server = createServer({ pauseOnConnect: true }, () => accepted++);
server.listen(port === undefined ? { path: address } : { host, port: Number(port) });
await once(server, "listening");

for (let opened = 1; opened <= Number(count); opened++) {
  // Each holder connects from its own address. Otherwise all of them would share the ports of 127.0.0.1.
  if (port === undefined) rawSocket("unix", "stream", { connectedTo: address });
  else rawSocket("ipv4", "stream", { bound: `${host}:0`, connectedTo: address });
  while (opened - accepted >= WAITING) await turn();
}
while (accepted < Number(count)) await turn();

process.stdout.write(`${JSON.stringify({ event: "held" })}\n`);
process.stdin.resume().on("end", () => process.exit());

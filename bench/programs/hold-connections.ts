// Listens at ADDRESS, connects to itself COUNT times, and keeps both ends of each connection open until the
// end of its standard input.
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { portOf, rawSocket } from "../../packages/testing/src/raw-sockets.ts";

/** The backlog: less than any kernel's net.core.somaxconn. */
const WAITING = 100;

const [address = "", count = "0"] = process.argv.slice(2);
const [host, port] = address.split(":");
const family = port === undefined ? "unix" : "ipv4";
let accepted = 0;
const server = createServer({ pauseOnConnect: true }, () => accepted++);
const fd = rawSocket(family, "stream", { bound: address, listening: true });
const client =
  port === undefined
    ? { connectedTo: address }
    : { bound: `${host}:0`, connectedTo: `${host}:${portOf(fd)}` };
server.listen({ fd });
await once(server, "listening");

for (let opened = 1; opened <= Number(count); opened++) {
  rawSocket(family, "stream", client);
  while (opened - accepted >= WAITING) await turn();
}
while (accepted < Number(count)) await turn();

process.stdout.write(`${JSON.stringify({ event: "held" })}\n`);
process.stdin.resume().on("end", () => process.exit());

// All of an app that a rolling restart needs: it serves the passed socket, says when it is ready, and drains on SIGTERM.
// What it does is read at start, as it would change with a release.
import { appendFileSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "node:net";
import process from "node:process";

const { LISTEN_FDNAMES = "", HOME } = process.env;
const notify = 3 + LISTEN_FDNAMES.split(":").indexOf("notify");
const { version, crash, silent, sleepy } = JSON.parse(readFileSync("/etc/release.json", "utf8"));
if (crash) throw new Error("this release is broken");

if (HOME) appendFileSync(`${HOME}/releases`, `${version}\n`);
let held;
const server = createServer((request, response) => {
  if (request.url.startsWith("/hold")) {
    held = response;
    console.log(`holds ${request.url}`);
  } else {
    response.setHeader("connection", "close");
    response.end(JSON.stringify({ version, pid: process.pid, uid: process.getuid() }));
  }
});
// It answers the request that it holds; one that has said nothing says that it is ready.
process.on("SIGUSR1", () => {
  if (silent) writeSync(notify, "READY=1");
  else held.setHeader("connection", "close").end(JSON.stringify({ version }));
});
const sleep = () => process.exit(Number(process.env.SOCKACT_IDLE_EXIT_STATUS));
process.on("SIGUSR2", sleep);
process.on("SIGTERM", () => {
  writeSync(notify, "STOPPING=1");
  // http.Server.close() would also end a new connection whose request has not come yet. Each answer ends its connection.
  Server.prototype.close.call(server);
  console.log(`drains, holding ${held?.req.url}`);
});
// OpenFile= comes last.
server.listen({ fd: 3 }, () => {
  if (silent) console.log(`version ${version} says nothing`);
  else writeSync(notify, "READY=1");
  if (sleepy) sleep();
});

// Serves every passed socket, says when it is ready, and drains on SIGTERM. With KEEP, it writes a file into its HOME.
import { writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";

const { LISTEN_FDNAMES = "", HOME, KEEP } = process.env;
const names = LISTEN_FDNAMES.split(":");
if (KEEP) writeFileSync(`${HOME}/kept`, "data");
let held;
const servers = [];
const listening = names.map(
  (name, index) =>
    new Promise((resolve) => {
      if (name === "notify" || name === "journal") return resolve();
      const server = createServer((request, response) => {
        response.setHeader("connection", "close");
        if (request.url === "/hold") {
          held = response;
          console.log("holds");
        } else response.end(JSON.stringify({ pid: process.pid }));
      });
      servers.push(server.listen({ fd: 3 + index }, resolve));
    }),
);
process.on("SIGTERM", () => {
  for (const server of servers) server.close();
  console.log("drains");
  held?.end("held to the end");
});
await Promise.all(listening);
writeSync(3 + names.indexOf("notify"), "READY=1");

// A typical app. It answers as the load of the testkit expects, and reports the sockets that it was passed.
import { createServer } from "node:http";
import process from "node:process";
import { activatedSockets, listen } from "@sockact/core";

const environment = {
  names: process.env.LISTEN_FDNAMES,
  fds: process.env.LISTEN_FDS,
  pid: process.env.LISTEN_PID,
};
const server = createServer((request, response) => {
  if (request.method === "POST") return request.pipe(response);
  if (request.url === "/version") return response.end(String(globalThis.version));
  if (request.url === "/passed")
    return response.end(
      JSON.stringify({ environment, sockets, drainTimeout: process.env.SOCKACT_DRAIN_TIMEOUT }),
    );
  if (request.url === "/crash") return process.exit(3);
  if (request.url === "/slow") {
    console.log("a slow request");
    return setTimeout(() => response.end("slow"), 500);
  }
  response.end(JSON.stringify({ pid: process.pid }));
});
const sockets = activatedSockets();
await listen(server, { required: true, onReload: () => console.log("the app reloads") });

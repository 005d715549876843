// A server without an adapter, to test the load itself. STOP says how it stops, correctly or not.
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "node:net";
import process from "node:process";
import { WebSocketServer } from "ws";
import { digest, download, whoAmI, work } from "../../../testing/programs/load-app.mjs";

const routes = {
  "GET /": async (_request, response) => {
    await work();
    response.end(JSON.stringify(whoAmI));
  },
  "POST /echo": (request, response) => void request.pipe(response),
  "GET /download": (_request, response, query) => void download(query).pipe(response),
  "PUT /upload": async (request, response) => void response.end(JSON.stringify(await digest(request))),
};
let draining = false;
let accepts = true;
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  response.setHeader("x-pid", process.pid);
  if (draining) response.setHeader("connection", "close");
  void routes[`${request.method} ${pathname}`](request, response, Object.fromEntries(searchParams));
});
const webSockets = new WebSocketServer({ server });
webSockets.on("connection", (socket) => {
  socket.on("message", (data) => socket.send(data));
  if (!accepts) socket.close(1001);
});

/** @param close how the server stops accepting */
const drain = (close) => () => {
  draining = true;
  accepts = false;
  close.call(server, () => process.exit());
  for (const socket of webSockets.clients) socket.close(1001);
};
const stops = {
  /** Leaves each idle connection to its client until the next answer. */
  drain: drain(Server.prototype.close),
  /** Node's own close() closes idle connections at once. */
  close: drain(server.close),
  exit: () => process.exit(),
};
process.on("SIGTERM", stops[process.env.STOP]);

const fds = process.env.LISTEN_FDNAMES.split(":");
const notify = fds.indexOf("notify") + 3;
server.listen({ fd: 3 }, 0x7fffffff, () => writeSync(notify, "READY=1"));

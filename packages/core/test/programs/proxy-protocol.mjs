// A server on the passed sockets, with the options in LISTEN_OPTIONS. It answers with what it knows about each connection. SERVER is its kind. BLOCKED is an
// address that it refuses. With WORKERS, workers of node:cluster serve.
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createSecureServer, createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { BlockList, createServer as createNetServer } from "node:net";
import process from "node:process";
import { createServer as createTlsServer } from "node:tls";
import { listen, proxyHeader } from "@sockact/core";

const { BLOCKED, LISTEN_OPTIONS, SERVER = "http", SERVER_OPTIONS = "{}", WORKERS = "0" } = process.env;
const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const fixture = (name) => readFileSync(new URL(`../../../testing/fixtures/${name}.pem`, import.meta.url));

function facts(socket) {
  const { remoteAddress, remotePort, remoteFamily, localPort, encrypted = false } = socket;
  const header = proxyHeader(socket);
  const tlvs = header?.tlvs.map(({ type, value }) => [type, value.toString("latin1")]);
  return {
    remoteAddress,
    remotePort,
    remoteFamily,
    localPort,
    encrypted,
    header: header && { ...header, tlvs },
  };
}

async function answer(request, response) {
  let bytes = 0;
  if (request.url !== "/unread") for await (const chunk of request) bytes += chunk.length;
  response.end(JSON.stringify({ ...facts(request.socket), url: request.url, bytes }));
}

/** Speaks first, and sends back what it receives. */
function echo(socket) {
  socket.on("error", () => {});
  socket.write(JSON.stringify({ ...facts(socket), bytes: socket.bytesRead }));
  socket.pipe(socket);
}

const options = { ...JSON.parse(SERVER_OPTIONS) };
const secure = () => ({ ...options, key: fixture("localhost.key"), cert: fixture("localhost.cert") });
const servers = {
  http: () => createHttpServer(options, answer),
  https: () => createHttpsServer(secure(), answer),
  h2c: () => createHttp2Server(options, answer),
  http2: () => createSecureServer(secure(), answer),
  net: () => createNetServer(options, echo),
  tls: () => createTlsServer(secure(), echo),
};

if (cluster.isPrimary && Number(WORKERS) > 0) {
  for (let count = 0; count < Number(WORKERS); count++) cluster.fork();
} else {
  const server = servers[SERVER]();
  if (BLOCKED) {
    server.blockList = new BlockList();
    server.blockList.addAddress(BLOCKED);
  }
  server.on("connection", () => say("connection"));
  const onEvent = ({ type, error, ...more }) =>
    say(type, { ...more, ...(error && { code: error.code, message: error.message, hint: error.hint }) });
  await listen(server, { ...JSON.parse(LISTEN_OPTIONS), onEvent });
}

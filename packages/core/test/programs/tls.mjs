// An HTTP server on what was passed, as LISTEN_OPTIONS says, which answers what it knows of each connection.
import { createServer } from "node:http";
import process from "node:process";
import { WebSocketServer } from "ws";
import { listen } from "@sockact/core";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const held = [];
const server = createServer((request, response) => {
  const { socket, httpVersion, url } = request;
  if (url === "/held") {
    held.push(response);
    say("held");
    return;
  }
  const { encrypted = false, servername = null, alpnProtocol = null } = socket;
  server.getConnections((_, connections) =>
    response.end(JSON.stringify({ httpVersion, encrypted, servername, alpnProtocol, connections })),
  );
});
new WebSocketServer({ server }).on("connection", (socket) =>
  socket.on("message", (data) => socket.send(data)),
);
server.on("tlsClientError", ({ code }) => say("tlsClientError", { code }));
process.stdin.unref?.();
process.stdin.on("data", () => held.shift()?.end("done"));
const onEvent = ({ type, error, ...more }) =>
  say(type, { ...more, ...(error && { code: error.code, message: error.message }) });
try {
  await listen(server, {
    ...JSON.parse(process.env.LISTEN_OPTIONS ?? "{}"),
    onReload: async () => {},
    onEvent,
  });
} catch (error) {
  say("refused", { code: error.code, message: error.message, hint: error.hint });
}

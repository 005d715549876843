// An HTTP server on the passed sockets, with the options in LISTEN_OPTIONS, and with the properties in PROPERTIES. It answers with facts about each connection. With
// SERVER, it has its own TLS. With OTHER_NAMES, a key and a certificate, it has an SNICallback.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import process from "node:process";
import { createSecureContext, createServer as createTlsServer } from "node:tls";
import { queryObjects } from "node:v8";
import { WebSocketServer } from "ws";
import { listen } from "@sockact/core";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const held = [];
const creators = {
  "node:https": createHttpsServer,
  "node:http2": createSecureServer,
  "node:tls": (own) => createTlsServer(own),
};
const create = creators[process.env.SERVER];
const own = create && {
  key: readFileSync(process.env.SERVER_KEY),
  cert: readFileSync(process.env.SERVER_CERT),
};
const server = create ? create(own, answer) : createServer(answer);
Object.assign(server, JSON.parse(process.env.PROPERTIES ?? "{}"));
function answer(request, response) {
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
}
new WebSocketServer({ server }).on("connection", (socket) =>
  socket.on("message", (data) => socket.send(data)),
);
server.on("tlsClientError", ({ code }) => say("tlsClientError", { code }));
process.stdin.unref?.();
process.stdin.on("data", (command) => {
  if (String(command) === "answer\n") held.shift()?.end("done");
  else
    say("contexts", { count: queryObjects(createSecureContext().context.constructor, { format: "count" }) });
});
const onEvent = ({ type, error, ...more }) =>
  say(type, { ...more, ...(error && { code: error.code, message: error.message }) });
const optionsOf = (text) => {
  const options = JSON.parse(text ?? "{}");
  if (process.env.OTHER_NAMES === undefined) return options;
  const { key, cert } = JSON.parse(process.env.OTHER_NAMES);
  const context = createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
  const SNICallback = (_name, callback) => callback(null, context);
  return { ...options, tls: { ...options.tls, SNICallback } };
};
const start = (options) => listen(server, { ...options, onReload: async () => say("onReload"), onEvent });
try {
  await start(optionsOf(process.env.LISTEN_OPTIONS));
} catch (error) {
  say("refused", { code: error.code, message: error.message, hint: error.hint });
  if (create) await start({});
}

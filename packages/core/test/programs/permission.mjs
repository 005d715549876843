// An app under Node's permission model. Prints its result.
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
try {
  const server = createServer((_request, response) => response.end("hello"));
  server.on("error", () => {});
  const { sockets } = await listen(server);
  say("up", { sockets, address: server.address() });
} catch ({ code, message, hint }) {
  say("refused", { code, message, hint });
}

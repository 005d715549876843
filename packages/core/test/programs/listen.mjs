// Listens on the passed sockets with the options in LISTEN_OPTIONS, and reads commands from standard input.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { listen } from "@sockact/core";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const answers = [];
const server = createServer(JSON.parse(process.env.SERVER_OPTIONS ?? "{}"), (req, res) => {
  say("request", { url: req.url });
  if (req.url !== "/held")
    res.end(
      JSON.stringify({
        remoteAddress: req.socket.remoteAddress ?? null,
        allowHalfOpen: req.socket.allowHalfOpen,
        server: req.socket.server === server,
      }),
    );
  else answers.push(res);
});
Object.assign(server, JSON.parse(process.env.SERVER_PROPERTIES ?? "{}"));
server.on("listening", () => say("listening", { address: server.address() }));
server.on("close", () => say("close"));
server.on("drop", ({ localPort }) => say("drop", { localPort }));
if (process.env.UNREF) server.unref();

const commands = createInterface({ input: process.stdin });
// Under a service manager standard input is /dev/null, which has no unref().
process.stdin.unref?.();
commands.on("line", (line) => {
  const actions = {
    answer: () => answers.shift().end("done"),
    close: () => server.close(() => say("closed")),
    connections: () => server.getConnections((_, count) => say("connections", { count })),
    unref: () => say("unref", { same: server.unref() === server }),
    address: () => say("address", { address: server.address() }),
    again: () => listen(server).catch((error) => say("refused", { code: error.code })),
  };
  actions[line]?.();
});
try {
  const options = JSON.parse(process.env.LISTEN_OPTIONS ?? "{}");
  for (const each of [options].flat()) {
    const listening = await listen(
      each === options ? server : createServer((_, res) => res.end(String(each.name))),
      each,
    );
    say("listens", listening);
  }
} catch (error) {
  // Otherwise the process ends, because it has nothing to do.
  if (process.env.STAYS) process.stdin.ref();
  say("refused", { code: error.code, message: error.message, hint: error.hint });
}

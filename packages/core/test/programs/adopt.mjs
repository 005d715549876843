// Takes one of its sockets by number, without sockact, and ends on a command.
import { createServer } from "node:net";
import { activatedSockets, listen } from "@sockact/core";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
activatedSockets();
if (process.env.TAKE) await listen(createServer(), { name: process.env.TAKE });
if (process.env.ADOPT) {
  const server = createServer().listen({ fd: Number(process.env.ADOPT) });
  if (process.env.CLOSE) server.close();
}
process.on("warning", ({ code }) => say("warning", { code }));
say("up");
if (process.env.END) process.exitCode = 0;
else process.stdin.resume();

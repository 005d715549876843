// Tells the service manager, over a descriptor of its own, of each response that it has written. Ends as END says, once it listens.
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { listen, takeSocket } from "@sockact/core";

const { fd } = takeSocket("own");
const server = createServer((request, response) => {
  response.end("hello");
  // The kernel has all of it when nothing waits to be written.
  writeSync(fd, `answered ${request.url}, ${request.socket.writableLength} bytes to write`);
});
await listen(server, { name: "web" });
const { END } = process.env;
if (END === "close") server.close();
// Once every promise of now is settled.
else if (END !== undefined) process.nextTick(() => process.exit(Number(END)));

// Reports each response to the service manager, over a separate descriptor. After it listens, it ends as END says.
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { listen, claimSocket } from "@sockact/core";

const { fd } = claimSocket("own");
const server = createServer((request, response) => {
  response.end("hello");
  // If nothing waits to be written, the kernel has the whole response.
  writeSync(fd, `answered ${request.url}, ${request.socket.writableLength} bytes to write`);
});
const { END, HANDOVER } = process.env;
await listen(server, { name: "web", handover: HANDOVER === "yes" });
if (END === "close") server.close();
// After all promises that are pending now have settled.
else if (END !== undefined) process.nextTick(() => process.exit(Number(END)));

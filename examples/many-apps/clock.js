import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

const server = createServer(({ url, socket }, response) => {
  if (url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const tick = () => response.write(`data: ${new Date().toISOString()}\n\n`);
    const timer = setInterval(tick, 1000);
    response.on("close", () => clearInterval(timer));
    tick();
    return;
  }
  const scheme = socket.encrypted ? "https" : "http";
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ app: "clock", pid: process.pid, client: socket.remoteAddress, scheme }));
});

await listen(server, { port: 3005 });
console.log("The clock is listening on", server.address());

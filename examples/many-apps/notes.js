// This app does not mention sockact: the config loads the preload.
import { createServer } from "node:http";
import process from "node:process";

const server = createServer(({ socket }, response) => {
  const scheme = socket.encrypted ? "https" : "http";
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ app: "notes", pid: process.pid, client: socket.remoteAddress, scheme }));
});

server.listen(3004, () => console.log("The notes are listening on", server.address()));

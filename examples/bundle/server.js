import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
app.use(systemdListen());
app.use(express.json());

app.get("/", (_request, response) => {
  response.type("html").send("<!doctype html><title>Bundle</title><h1>Hello from one file</h1>\n");
});

app.get("/api/whoami", (request, response) => {
  response.json({
    framework: "bundle",
    uid: process.getuid(),
    pid: process.pid,
    remoteAddress: request.socket.remoteAddress,
  });
});

app.post("/api/echo", (request, response) => {
  response.json(request.body ?? null);
});

const server = app.listen(3000, (error) => {
  if (error) throw error;
  console.log("Express is listening on", server.address());
});

import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
app.use(systemdListen());
app.use(express.json());

app.get("/", (_request, response) => {
  response.type("html").send("<!doctype html><title>Express</title><h1>Hello from Express</h1>\n");
});

app.get("/api/whoami", (request, response) => {
  response.json({
    framework: "express",
    uid: process.getuid(),
    pid: process.pid,
    remoteAddress: request.socket.remoteAddress,
  });
});

app.post("/api/echo", (request, response) => {
  response.json(request.body ?? null);
});

app.get("/api/fail", () => {
  throw new Error("This route always fails");
});

app.use((request, response) => {
  response.status(404).json({ error: `No ${request.method} ${request.path} here` });
});

// Express recognizes an error handler by its four parameters.
app.use((error, _request, response, _next) => {
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  response.status(status).json({ error: status >= 500 ? "Internal server error" : error.message });
});

const server = app.listen(3000, (error) => {
  if (error) throw error;
  console.log("Express is listening on", server.address());
});

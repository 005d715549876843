// The app of the bench "reload": one Express app, in four ways that APP names.
//
// plain     the app alone
// graceful  what pm2's docs show: it says when it is ready, and closes its server at SIGINT before it exits
// closing   as graceful, and from SIGINT on each response says "Connection: close", so that no client keeps its connection
// sockact   the app with systemdListen()
const process = require("node:process");
const { setTimeout: delay } = require("node:timers/promises");
const express = require("express");

const { APP = "plain" } = process.env;
let isStopping = false;

const app = express();
if (APP === "sockact") app.use(require("@sockact/express").systemdListen());
if (APP === "closing") {
  app.use((_request, response, next) => {
    if (isStopping) response.set("Connection", "close");
    next();
  });
}
app.get("/", async (_request, response) => {
  await delay(5);
  response.json({ pid: process.pid });
});
app.post("/echo", express.json(), (request, response) => response.json(request.body));

const server = app.listen(80, () => {
  if (APP === "graceful" || APP === "closing") process.send("ready");
});

if (APP === "graceful" || APP === "closing") {
  process.on("SIGINT", () => {
    isStopping = true;
    server.close((error) => process.exit(error ? 1 : 0));
  });
}

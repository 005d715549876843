// Passes the result of one systemdListen() to two apps. Prints the port of each.
import express from "express";
import process from "node:process";
import { systemdListen } from "@sockact/express";

const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const middleware = systemdListen({
  signals: true,
  onListen: () => say("asked whether ready"),
  onStop: () => say("stopped"),
});

for (const name of ["first", "second"]) {
  const app = express();
  app.use(middleware);
  app.get("/", (_request, response) => response.send(name));
  const server = app.listen(0, "127.0.0.1", () => say(name, { port: server.address().port }));
}

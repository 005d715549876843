// @godaddy/terminus stops the server of this app.
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createTerminus } from "@godaddy/terminus";
import express from "express";
import { systemdListen } from "@sockact/express";
import { port, say } from "@sockact/testkit/contract-app";

const app = express();
app.use(systemdListen());
app.get("/slow", async (_req, res) => {
  say("slow");
  await delay(300);
  res.end();
});
const server = createServer(app);
createTerminus(server, { signal: "SIGTERM", onSignal: async () => say("hook") });
server.listen(port);

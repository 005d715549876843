// @godaddy/terminus stops the server of this app.
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { createTerminus } from "@godaddy/terminus";
import express from "express";
import { systemdListen } from "@sockact/express";
import { port, say } from "@sockact/testing/contract-app";

const app = express();
app.use(systemdListen());
app.get("/held", async (_req, res) => {
  say("held");
  // The test lets it go.
  await once(process, "SIGUSR2");
  res.end();
});
const server = createServer(app);
createTerminus(server, { signal: "SIGTERM", onSignal: async () => say("hook") });
server.listen(port);

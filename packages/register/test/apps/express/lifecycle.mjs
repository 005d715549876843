import { promisify } from "node:util";
import express from "express";
import { port, routes, stopWithGrace, untilReady } from "@sockact/testing/lifecycle-app";

const app = express();
for (const [path, answer] of Object.entries(routes))
  app.get(path, async (_req, res) => res.send(await answer()));
await untilReady();
process.on("exit", () => console.log("the app stops"));
const server = app.listen(port, () => console.log("listens"));
stopWithGrace(promisify(server.close.bind(server)));

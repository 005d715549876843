import { promisify } from "node:util";
import express from "express";
import { systemdListen } from "@sockact/express";
import { isPlain, options, port, routes, stopWithGrace } from "@sockact/testing/lifecycle-app";

const app = express();
if (!isPlain) app.use(systemdListen(options));
for (const [path, answer] of Object.entries(routes))
  app.get(path, async (_req, res) => res.send(await answer()));
const server = app.listen(port, () => console.log("listens"));
stopWithGrace(promisify(server.close.bind(server)));

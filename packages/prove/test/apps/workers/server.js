import cluster from "node:cluster";
import express from "express";
import { systemdListen } from "@sockact/express";

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on("exit", () => cluster.fork());
} else {
  const app = express();
  app.use(systemdListen());
  app.get("/", (req, res) => res.send(`worker ${process.pid}\n`));
  app.listen(3000);
}

import cluster from "node:cluster";
import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const count = Number(process.env.WORKERS ?? 2);

if (cluster.isPrimary) {
  for (let i = 0; i < count; i++) cluster.fork();
  cluster.on("exit", (worker, code, signal) => {
    console.log(`Worker ${worker.process.pid} ended with ${signal ?? code}`);
    cluster.fork();
  });
} else {
  const app = express();
  app.use(systemdListen());
  app.get("/", (_request, response) => {
    response.type("text").send(`worker ${process.pid}\n`);
  });
  app.listen(3000, () => console.log(`Worker ${process.pid} is listening`));
}

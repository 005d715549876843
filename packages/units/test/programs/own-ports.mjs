// An app of Express that knows nothing of sockact: it listens on the ports that its arguments name, in as many workers as WORKERS says.
import { execFileSync } from "node:child_process";
import cluster from "node:cluster";
import process from "node:process";
import express from "express";

/** Whether a child process has loaded the preload. */
const look = "Object.keys(require.cache).some((file) => file.includes('/register/'))";

function appOn(port) {
  const app = express().use(express.json());
  app.get("/", (_, response) => response.json({ pid: process.pid }));
  app.post("/echo", (request, response) => response.json(request.body));
  app.get("/who", (_, response) => {
    const child = JSON.parse(execFileSync(process.execPath, ["-p", look], { encoding: "utf8" }));
    const { execArgv, title } = process;
    response.json({ port, uid: process.getuid(), execArgv, options: process.env.NODE_OPTIONS, title, child });
  });
  return app;
}

if (process.env.WORKERS !== undefined && cluster.isPrimary)
  for (let count = 0; count < Number(process.env.WORKERS); count += 1) cluster.fork();
else for (const port of process.argv.slice(2).map(Number)) appOn(port).listen(port);

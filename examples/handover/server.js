import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { systemdListen } from "@sockact/express";
import express from "express";

const version = readFileSync(new URL("version.txt", import.meta.url), "utf8").trim();
if (!/^\d+$/.test(version)) throw new Error(`version.txt must contain a number; got ${version}`);

const app = express();
app.use(systemdListen());
app.get("/", (request, response) => {
  // The port of the client stays the same as long as its connection is open.
  response.type("text").send(`version ${version}, port ${request.socket.remotePort}\n`);
});

// This stands for work that makes your app start slowly, such as filling a cache.
await delay(500);

app.listen(3000, () => console.log(`Version ${version} is listening in process ${process.pid}`));

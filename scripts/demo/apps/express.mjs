import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";
import { tryToConnect } from "./try-to-connect.mjs";

const app = express();
const tls = { key: "key.pem", cert: "cert.pem" };
app.use(systemdListen({ sockets: { http: {}, https: { tls } } }));

app.get("/", (_request, response) => {
  response.json({ pid: process.pid, uid: process.getuid(), memory: process.memoryUsage.rss() });
});

app.get("/connect", async (_request, response) => {
  response.json(await tryToConnect());
});

app.listen(3000);

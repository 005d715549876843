import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
app.use(systemdListen());

app.get("/", (request, response) => {
  response.json({ app: "shop", pid: process.pid, client: request.ip, scheme: request.protocol });
});

const server = app.listen(3001, (error) => {
  if (error) throw error;
  console.log("The shop is listening on", server.address());
});

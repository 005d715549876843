import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
app.use(systemdListen());

app.get("/", (_request, response) => {
  response.json({ app: "shop", pid: process.pid, uid: process.getuid() });
});

const server = app.listen(3000, (error) => {
  if (error) throw error;
  console.log("The shop is listening on", server.address());
});

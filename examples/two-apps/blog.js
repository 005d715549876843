import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
app.use(systemdListen());

app.get("/", (_request, response) => {
  response.json({ app: "blog", pid: process.pid, uid: process.getuid() });
});

const server = app.listen(3001, (error) => {
  if (error) throw error;
  console.log("The blog is listening on", server.address());
});

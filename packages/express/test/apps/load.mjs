import express from "express";
import { systemdListen } from "@sockact/express";
import { digest, download, echoWebSockets, options, whoAmI, work } from "@sockact/testing/load-app";

const app = express();
app.use(systemdListen(options));
app.use((_, res, next) => {
  res.set("x-pid", whoAmI.pid);
  next();
});
app.get("/", async (_, res) => {
  await work();
  res.json(whoAmI);
});
app.post("/echo", express.json(), (req, res) => res.json(req.body));
app.get("/download", (req, res) => download(req.query).pipe(res));
app.put("/upload", async (req, res) => res.json(await digest(req)));
echoWebSockets(app.listen(3000));

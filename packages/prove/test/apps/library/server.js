// Its hooks run at each signal, also at SIGHUP, as those of NestJS do.
import express from "express";
import { systemdListen } from "@sockact/express";

const app = express();
app.use(systemdListen({ signals: "first" }));
app.get("/", (req, res) => res.send("books\n"));
const server = app.listen(3000);

async function closeEverything() {
  await new Promise((resolve) => server.close(resolve));
  process.exit(0);
}
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, closeEverything);

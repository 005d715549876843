import { setTimeout as delay } from "node:timers/promises";
import express from "express";
import { systemdListen } from "@sockact/express";

const app = express();
// #region listen
app.use(systemdListen({ health: "/healthz", drainTimeout: "8s" }));
// #endregion listen
app.get("/", async (_request, response) => {
  await delay(1000);
  response.send("hello");
});
app.listen(process.env.PORT ?? 3000, () => console.log("The app is process", process.pid));

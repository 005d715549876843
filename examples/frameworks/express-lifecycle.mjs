import { readFile } from "node:fs/promises";
import express from "express";
import { systemdListen } from "@sockact/express";

let settings;
async function readSettings() {
  settings = JSON.parse(await readFile("settings.json", "utf8"));
}
await readSettings();

const app = express();
app.use(
  systemdListen({
    onReload: readSettings,
    onStop: () => console.log("the last connection has closed"),
    onEvent: (event) => console.log(event.type),
  }),
);
app.get("/", (req, res) => res.send(settings.greeting));
app.listen(3000);

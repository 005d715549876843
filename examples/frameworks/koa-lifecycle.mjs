import { readFile } from "node:fs/promises";
import Koa from "koa";
import { systemdListen } from "@sockact/koa";

let settings;
async function readSettings() {
  settings = JSON.parse(await readFile("settings.json", "utf8"));
}
await readSettings();

const app = new Koa();
app.use(
  systemdListen({
    onReload: readSettings,
    onStop: () => console.log("the last connection has closed"),
    onEvent: (event) => console.log(event.type),
  }),
);
app.use((ctx) => {
  ctx.body = settings.greeting;
});
app.listen(3000);

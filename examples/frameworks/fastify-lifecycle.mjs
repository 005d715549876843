import { readFile } from "node:fs/promises";
import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";

let settings;
async function readSettings() {
  settings = JSON.parse(await readFile("settings.json", "utf8"));
}
await readSettings();

const app = Fastify({ logger: true });
app.register(systemdListen, {
  onReload: readSettings,
  onStop: () => console.log("the last connection has closed"),
  onEvent: (event) => console.log(event.type),
});
app.get("/", async () => settings.greeting);
await app.listen({ port: 3000 });

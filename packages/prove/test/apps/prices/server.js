import Koa from "koa";
import { systemdListen } from "@sockact/koa";
import { stopServer } from "./lib/stop-server.js";

const app = new Koa();
app.use(systemdListen());
app.use((ctx) => {
  ctx.body = { currency: "EUR", price: 12.5 };
});

const server = app.listen(3000);
process.once("SIGTERM", () => stopServer(server));

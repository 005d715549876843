import { promisify } from "node:util";
import Koa from "koa";
import { port, routes, stopWithGrace, untilReady } from "@sockact/testing/lifecycle-app";

const app = new Koa();
app.use(async (context) => {
  context.body = await routes[context.path]?.();
});
await untilReady();
process.on("exit", () => console.log("the app stops"));
const server = app.listen(port, () => console.log("listens"));
stopWithGrace(promisify(server.close.bind(server)));

import { promisify } from "node:util";
import Koa from "koa";
import { systemdListen } from "@sockact/koa";
import { isPlain, options, port, routes, stopWithGrace } from "@sockact/testing/lifecycle-app";

const app = new Koa();
if (!isPlain) app.use(systemdListen(options));
app.use(async (context) => {
  context.body = await routes[context.path]?.();
});
const server = app.listen(port, () => console.log("listens"));
stopWithGrace(promisify(server.close.bind(server)));

import Koa from "koa";
import { systemdListen } from "@sockact/koa";

const app = new Koa();
// A bundler hides Koa, so systemdListen() cannot find the app itself.
systemdListen({ app });
app.use((context) => {
  context.body = "hello";
});
app.listen(0);

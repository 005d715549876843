import Koa from "koa";
import { systemdListen } from "@sockact/koa";

const app = new Koa();
app.use(systemdListen());
app.use((context) => {
  context.body = "hello";
});
app.listen(3000);

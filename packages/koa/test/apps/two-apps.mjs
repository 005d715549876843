// Two apps in one process. Each takes the sockets of its name.
import process from "node:process";
import { systemdListen } from "@sockact/koa";

const { default: Koa } = await import(process.env.FRAMEWORK);

for (const name of ["public", "admin"]) {
  const app = new Koa();
  systemdListen({ app, name });
  app.use((context) => {
    context.body = { app: name };
  });
  app.listen(3000);
}

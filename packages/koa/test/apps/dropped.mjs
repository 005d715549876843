// Makes an app, and keeps no reference to it.
import { systemdListen } from "@sockact/koa";
import { say } from "@sockact/testing/contract-app";
import Koa from "koa";

function makeApp() {
  const app = new Koa();
  app.use(systemdListen());
  app.callback();
  return new WeakRef(app);
}

const app = makeApp();
// A WeakRef keeps its target alive until the running code is done.
setImmediate(() => {
  globalThis.gc();
  say("collected", { collected: app.deref() === undefined });
});

// An app that is made and forgotten.
import { systemdListen } from "@sockact/koa";
import { say } from "@sockact/testkit/contract-app";
import Koa from "koa";

function makeApp() {
  const app = new Koa();
  app.use(systemdListen());
  app.callback();
  return new WeakRef(app);
}

const app = makeApp();
// A WeakRef holds on to its target until the code that has made it, or looked at it, is done.
setImmediate(() => {
  globalThis.gc();
  say("collected", { collected: app.deref() === undefined });
});

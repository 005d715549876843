// An app that is made and forgotten.
import { systemdListen } from "@sockact/express";
import { say } from "@sockact/testkit/contract-app";
import express from "express";

function makeApp() {
  const app = express();
  app.use(systemdListen());
  return new WeakRef(app);
}

const app = makeApp();
// A WeakRef holds on to its target until the code that has made it, or looked at it, is done.
setImmediate(() => {
  globalThis.gc();
  say("collected", { collected: app.deref() === undefined });
});

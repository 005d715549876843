// Makes an app, and keeps no reference to it.
import { systemdListen } from "@sockact/express";
import { say } from "@sockact/testing/contract-app";
import express from "express";

function makeApp() {
  const app = express();
  app.use(systemdListen());
  return new WeakRef(app);
}

const app = makeApp();
// A WeakRef keeps its target alive until the running code is done.
setImmediate(() => {
  globalThis.gc();
  say("collected", { collected: app.deref() === undefined });
});

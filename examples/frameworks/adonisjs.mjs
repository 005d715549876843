import "reflect-metadata";
import { createServer } from "node:http";
import { Ignitor, prettyPrintError } from "@adonisjs/core";
import app from "@adonisjs/core/services/app";
import { prepareApp } from "@sockact/core/adapter";

const APP_ROOT = new URL("../", import.meta.url);

new Ignitor(APP_ROOT, {
  importer: (path) => import(path.startsWith(".") ? new URL(path, APP_ROOT).href : path),
})
  .httpServer()
  .start((handler) => {
    const server = createServer(handler);
    prepareApp({ onStop: () => app.terminate() }).attach(server, { owns: (other) => other === server });
    return server;
  })
  .catch(prettyPrintError);

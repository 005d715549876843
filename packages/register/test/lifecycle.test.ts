import { lifecycleContract } from "@sockact/testing";
import { runner } from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

// No function of the app is called: READY=1 is sent when the app listens, and a reload runs no code of the
// app. The app in Fastify differs most from a plain server.
lifecycleContract(runner, {
  title: "Fastify, by the preload alone",
  program: appFile("fastify/lifecycle.mjs"),
  preload,
});

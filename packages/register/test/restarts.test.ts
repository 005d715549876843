import { restartContract } from "@sockact/testing";
import { runner } from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

restartContract(runner, {
  title: "Fastify 5, by the preload alone",
  program: appFile("fastify/load.mjs"),
  cluster: appFile("fastify/cluster.mjs"),
  preload,
});

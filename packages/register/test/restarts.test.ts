import process from "node:process";
import { restartContract } from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

const frameworks = [
  ["Fastify 5", "fastify"],
  ["Express 5", "express"],
  ["Koa 3", "koa"],
] as const;

for (const [title, folder] of process.env["SOCKACT_LONG"] ? frameworks : frameworks.slice(0, 1))
  restartContract({
    title: `${title}, by the preload alone`,
    program: appFile(`${folder}/load.mjs`),
    cluster: appFile(`${folder}/cluster.mjs`),
    preload,
    isSample: true,
  });

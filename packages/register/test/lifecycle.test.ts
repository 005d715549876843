import process from "node:process";
import { lifecycleContract } from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

const frameworks = [
  ["Fastify", "fastify"],
  ["Express", "express"],
  ["Koa", "koa"],
] as const;

// With a preload, no function of the app is called: READY=1 is sent when the app listens, and a reload runs no code of the app.
for (const [title, folder] of process.env["SOCKACT_LONG"] ? frameworks : frameworks.slice(0, 1))
  lifecycleContract({
    title: `${title}, by the preload alone`,
    program: appFile(`${folder}/lifecycle.mjs`),
    preload,
    isSample: true,
  });

import { lifecycleContract } from "@sockact/testkit";
import { appFile, PRELOAD } from "./preload.ts";

for (const [title, folder] of [
  ["Express", "express"],
  ["Koa", "koa"],
  ["Fastify", "fastify"],
] as const)
  lifecycleContract({
    title: `${title}, by the preload alone`,
    program: appFile(`${folder}/lifecycle.mjs`),
    preload: PRELOAD,
    isSample: true,
  });

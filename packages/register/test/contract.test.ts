import process from "node:process";
import { adapterContract } from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

/** The current major version of each framework comes first. A usual run has a sample of these, and `npm run test:long` has all. */
const frameworks = [
  ["Express 5", "express", "express"],
  ["Koa 3", "koa", "koa"],
  ["Fastify 5", "fastify", "fastify"],
  ["Express 4", "express", "express4"],
  ["Koa 2", "koa", "koa2"],
  ["Fastify 4", "fastify", "fastify4"],
] as const;

// The contract of the adapters, as far as it applies. With a preload there is no `required`, no option of `systemdListen()` to misspell,
// and no TLS on a plain server. https.test.ts has https servers.
for (const [title, folder, framework] of process.env["SOCKACT_LONG"] ? frameworks : frameworks.slice(0, 3))
  adapterContract({
    title: `${title}, by the preload alone`,
    framework,
    apps: {
      ESM: appFile(`${folder}/app.mjs`),
      CommonJS: appFile(`${folder}/app.cjs`),
      // The TypeScript loader does not depend on the framework, so one app in TypeScript is enough.
      ...(folder === "express" && { TypeScript: appFile("express/app.ts") }),
    },
    cluster: appFile(`${folder}/cluster.mjs`),
    preload,
    isSample: true,
  });

import { describe } from "vitest";
import { adapterContract } from "@sockact/testing";
import { runner } from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

// The contract of the adapters, as far as it applies. With a preload there is no `required`, no option of
// `systemdListen()` to misspell, and no TLS on a plain server. https.test.ts has https servers.
const contractOf = (title: string, folder: string, framework: string): void =>
  adapterContract(runner, {
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
  });

contractOf("Express 5", "express", "express");

// The preload sees servers of Node, and these frameworks make the same ones. https.test.ts serves an app of
// each.
describe("other frameworks and versions", { tags: "campaign" }, () => {
  contractOf("Koa 3", "koa", "koa");
  contractOf("Fastify 5", "fastify", "fastify");
  contractOf("Express 4", "express", "express4");
  contractOf("Koa 2", "koa", "koa2");
  contractOf("Fastify 4", "fastify", "fastify4");
});

import { fileURLToPath } from "node:url";
import { adapterContract, namesContract } from "@sockact/testing";
import { appOptionContract, runner } from "@sockact/testkit";
import { describe } from "vitest";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const cluster = app("cluster.mjs");
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };
const names = { program: apps.ESM, two: app("two-apps.mjs") };

adapterContract(runner, {
  title: "Fastify 5",
  framework: "fastify",
  apps: { ...apps, TypeScript: app("app.ts") },
  cluster,
  hasSockact: true,
});
namesContract(runner, { title: "Fastify 5", framework: "fastify", ...names, http2: true });
appOptionContract({
  adapter: "@sockact/fastify",
  accepted: "a Fastify app",
  source: "Fastify()",
  module: `import Fastify from "fastify";
    const app = Fastify();
    app.get("/", async () => "hello");`,
});

// The adapter has one code for all versions. In `npm test`, fastify.test.ts shows that Fastify 4 is served.
describe("the earlier version", { tags: "campaign" }, () => {
  adapterContract(runner, { title: "Fastify 4", framework: "fastify4", apps, cluster, hasSockact: true });
  namesContract(runner, { title: "Fastify 4", framework: "fastify4", ...names, http2: false });
});

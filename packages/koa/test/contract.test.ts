import { fileURLToPath } from "node:url";
import { adapterContract, namesContract } from "@sockact/testing";
import { appOptionContract, runner } from "@sockact/testkit";
import { describe } from "vitest";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const cluster = app("cluster.mjs");
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };
const names = { program: apps.ESM, two: app("two-apps.mjs") };

adapterContract(runner, {
  title: "Koa 3",
  framework: "koa",
  apps: { ...apps, TypeScript: app("app.ts") },
  cluster,
  hasSockact: true,
});
namesContract(runner, { title: "Koa 3", framework: "koa", ...names, http2: true });
appOptionContract({
  adapter: "@sockact/koa",
  accepted: "a Koa app",
  source: "new Koa()",
  module: `import Koa from "koa";
    const app = new Koa();
    app.use((ctx) => { ctx.body = "hello"; });`,
});

// The adapter has one code for all versions. In `npm test`, koa.test.ts shows that Koa 2 is served.
describe("the earlier version", { tags: "campaign" }, () => {
  adapterContract(runner, { title: "Koa 2", framework: "koa2", apps, cluster, hasSockact: true });
  namesContract(runner, { title: "Koa 2", framework: "koa2", ...names, http2: true });
});

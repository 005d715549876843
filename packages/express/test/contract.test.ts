import { fileURLToPath } from "node:url";
import { adapterContract, namesContract } from "@sockact/testing";
import { appOptionContract, runner } from "@sockact/testkit";
import { describe } from "vitest";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const cluster = app("cluster.mjs");
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };
const names = { program: apps.ESM, two: app("two-apps.mjs") };

adapterContract(runner, {
  title: "Express 5",
  framework: "express",
  apps: { ...apps, TypeScript: app("app.ts") },
  cluster,
  hasSockact: true,
});
namesContract(runner, { title: "Express 5", framework: "express", ...names, http2: false });
appOptionContract({
  adapter: "@sockact/express",
  accepted: "an Express app",
  source: "express()",
  module: `import express from "express";
    const app = express();
    app.get("/", (_req, res) => void res.send("hello"));`,
});

// The adapter has one code for all versions. In `npm test`, ecosystem.test.ts shows that Express 4 is served.
describe("the earlier version", { tags: "campaign" }, () => {
  adapterContract(runner, { title: "Express 4", framework: "express4", apps, cluster, hasSockact: true });
  namesContract(runner, { title: "Express 4", framework: "express4", ...names, http2: false });
});

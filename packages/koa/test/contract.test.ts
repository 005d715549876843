import { fileURLToPath } from "node:url";
import { adapterContract, namesContract } from "@sockact/testkit";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const cluster = app("cluster.mjs");
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };

adapterContract({ title: "Koa 2", framework: "koa2", apps, cluster });
adapterContract({
  title: "Koa 3",
  framework: "koa",
  apps: { ...apps, TypeScript: app("app.ts") },
  cluster,
});

for (const [title, framework] of [
  ["Koa 2", "koa2"],
  ["Koa 3", "koa"],
] as const)
  namesContract({ title, framework, program: apps.ESM, two: app("two-apps.mjs"), http2: true });

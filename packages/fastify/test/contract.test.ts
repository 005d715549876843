import { fileURLToPath } from "node:url";
import { adapterContract, namesContract } from "@sockact/testkit";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const cluster = app("cluster.mjs");
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };

adapterContract({ title: "Fastify 4", framework: "fastify4", apps, cluster });
adapterContract({
  title: "Fastify 5",
  framework: "fastify",
  apps: { ...apps, TypeScript: app("app.ts") },
  cluster,
});

for (const [title, framework, http2] of [
  ["Fastify 4", "fastify4", false],
  ["Fastify 5", "fastify", true],
] as const)
  namesContract({ title, framework, program: apps.ESM, two: app("two-apps.mjs"), http2 });

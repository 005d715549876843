import { fileURLToPath } from "node:url";
import { adapterContract, namesContract } from "@sockact/testkit";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const cluster = app("cluster.mjs");
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };

adapterContract({ title: "Express 4", framework: "express4", apps, cluster });
adapterContract({
  title: "Express 5",
  framework: "express",
  apps: { ...apps, TypeScript: app("app.ts") },
  cluster,
});

for (const [title, framework] of [
  ["Express 4", "express4"],
  ["Express 5", "express"],
] as const)
  namesContract({ title, framework, program: apps.ESM, two: app("two-apps.mjs"), http2: false });

import { fileURLToPath } from "node:url";
import { adapterContract } from "@sockact/testkit";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs"), TypeScript: app("app.ts") };

adapterContract({ title: "Koa 2", framework: "koa2", apps });
adapterContract({ title: "Koa 3", framework: "koa", apps });

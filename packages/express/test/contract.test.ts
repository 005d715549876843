import { fileURLToPath } from "node:url";
import { adapterContract } from "@sockact/testkit";

const app = (file: string): string => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs"), TypeScript: app("app.ts") };

adapterContract({ title: "Express 4", framework: "express4", apps });
adapterContract({ title: "Express 5", framework: "express", apps });

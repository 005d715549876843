import { fileURLToPath } from "node:url";
import { adapterContract, lifecycleContract, namesContract } from "@sockact/testing";
import { runner } from "@sockact/testkit";

const app = (file: string): string => fileURLToPath(new URL(`adapter/apps/${file}`, import.meta.url));
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };

adapterContract(runner, { title: "Polka", framework: "polka", apps, cluster: app("cluster.mjs") });
namesContract(runner, {
  title: "Polka",
  framework: "polka",
  program: apps.ESM,
  two: app("two-apps.mjs"),
  http2: false,
});
lifecycleContract(runner, { title: "Polka", program: app("lifecycle.mjs") });

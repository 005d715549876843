import { fileURLToPath } from "node:url";
import { adapterContract, lifecycleContract, namesContract } from "@sockact/testing";

const app = (file) => fileURLToPath(new URL(`apps/${file}`, import.meta.url));
const apps = { ESM: app("app.mjs"), CommonJS: app("app.cjs") };

/** @param {import("@sockact/testing").TestRunner} runner */
export function testAdapter(runner) {
  adapterContract(runner, { title: "Polka", framework: "polka", apps, cluster: app("cluster.mjs") });
  namesContract(runner, {
    title: "Polka",
    framework: "polka",
    program: apps.ESM,
    two: app("two-apps.mjs"),
    http2: false,
  });
  lifecycleContract(runner, { title: "Polka", program: app("lifecycle.mjs") });
}

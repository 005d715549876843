import { fileURLToPath } from "node:url";
import { lifecycleContract } from "@sockact/testing";
import { runner } from "@sockact/testkit";

lifecycleContract(runner, {
  title: "Koa",
  program: fileURLToPath(new URL("apps/lifecycle.mjs", import.meta.url)),
});

import { fileURLToPath } from "node:url";
import { handoverContract } from "@sockact/testing";
import { runner } from "@sockact/testkit";

handoverContract(runner, {
  title: "Koa 3",
  program: fileURLToPath(new URL("apps/load.mjs", import.meta.url)),
});

import { fileURLToPath } from "node:url";
import { restartContract } from "@sockact/testing";
import { runner } from "@sockact/testkit";

restartContract(runner, {
  title: "Koa 3",
  program: fileURLToPath(new URL("apps/load.mjs", import.meta.url)),
  cluster: fileURLToPath(new URL("apps/cluster.mjs", import.meta.url)),
});

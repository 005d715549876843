import { fileURLToPath } from "node:url";
import { lifecycleContract } from "@sockact/testkit";

lifecycleContract({
  title: "Fastify",
  program: fileURLToPath(new URL("apps/lifecycle.mjs", import.meta.url)),
});

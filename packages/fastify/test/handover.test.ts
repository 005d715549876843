import { fileURLToPath } from "node:url";
import { handoverContract } from "@sockact/testkit";

handoverContract({
  title: "Fastify 5",
  program: fileURLToPath(new URL("apps/load.mjs", import.meta.url)),
});

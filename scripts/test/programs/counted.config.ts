import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { tiers } from "../../lib/tiers.ts";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: { include: ["counted.ts"], tags: tiers },
});

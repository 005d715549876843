import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: {
    include: ["sampled.ts"],
    runner: fileURLToPath(new URL("../../../../scripts/lib/sampling-runner.ts", import.meta.url)),
  },
});

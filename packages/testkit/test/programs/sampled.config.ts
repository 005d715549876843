import process from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: process.env["SAMPLED"] ?? fileURLToPath(new URL(".", import.meta.url)),
  test: {
    include: ["sampled.ts", "install.test.ts"],
    runner: fileURLToPath(new URL("../../../../scripts/lib/sampling-runner.ts", import.meta.url)),
  },
});

import { defineConfig } from "vitest/config";
import { LongestFirst } from "../scripts/lib/longest-first.ts";
import { tiers } from "../scripts/lib/tiers.ts";

// `npm run docs:test`. It is not a project of the root's configuration, so `npm test` needs neither the built
// site nor a browser.
export default defineConfig({
  ssr: { resolve: { conditions: ["@sockact/source", "node", "import", "module", "default"] } },
  test: {
    name: "docs",
    tags: tiers,
    reporters: ["default", "../scripts/lib/skipped-reporter.ts"],
    include: ["test/**/*.test.ts", ".vitepress/**/*.test.ts"],
    // One waits for a browser while the other computes.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    // Every page is visited before the first test.
    hookTimeout: 600_000,
  },
});

import { defineConfig } from "vitest/config";
import { LongestFirst } from "./scripts/lib/longest-first.ts";
import { tiers } from "./scripts/lib/tiers.ts";

const source = { conditions: ["@sockact/source", "node", "import", "module", "default"] };

export default defineConfig({
  ssr: { resolve: source },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "examples/*.test.ts",
      "scripts/*.test.ts",
      "bench/**/*.test.ts",
    ],
    tags: tiers,
    reporters: ["default", "./scripts/lib/skipped-reporter.ts"],
    // Most of a test is waiting for other processes: two workers leave two cores idle for a fifth of the time.
    maxWorkers: 3,
    // Concurrent tests of a file mostly wait for systemd.
    maxConcurrency: 12,
    // What the tests start runs in other processes, and the rest shares no state. A worker for each file takes half a second of its start.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    globalSetup: "packages/testkit/src/whole-run.ts",
    // sockact prints commands as it was called. Tests get the same whether npm or npx runs them.
    env: { npm_command: "", npm_lifecycle_event: "" },
    setupFiles: "packages/testkit/src/keep-journals.ts",
    // Deadlines only end a test that hangs.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 45_000 } },
  },
});

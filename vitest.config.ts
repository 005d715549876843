import { defineConfig } from "vitest/config";

const source = { conditions: ["@sockact/source", "node", "import", "module", "default"] };

export default defineConfig({
  test: {
    // Most of a test is waiting for other processes: one worker less than there are cores, the default, would leave two cores idle.
    maxWorkers: 2,
    projects: [
      {
        ssr: { resolve: source },
        test: {
          name: "unit",
          // They share no state, and importing what they test is most of their time.
          isolate: false,
          include: ["packages/*/src/**/*.test.ts", "scripts/*.test.ts", "bench/**/*.test.ts"],
          // Random cases take long on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        ssr: { resolve: source },
        test: {
          name: "integration",
          include: ["packages/*/test/**/*.test.ts", "examples/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

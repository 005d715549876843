import process from "node:process";
import { configDefaults, defineConfig } from "vitest/config";

const source = { conditions: ["@sockact/source", "node", "import", "module", "default"] };

// On a busy machine a deadline may pass. The gate runs such a test once more, and its last lines name each test that needed that.
const retry = process.env["CI"] ? 1 : 0;

/**
 * The sample of `npm test` is without these files. They install what others have made, or test a command that the gate runs itself.
 * `npm run test:long` and `npm run test:node` run them.
 */
const leftOut = ["bench/test/{peers,sveltekit}.test.ts", "packages/testkit/test/{consumers,debian}.test.ts"];

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/lib/retried-reporter.ts", "./scripts/lib/sample-reporter.ts"],
    // Most of a test is waiting for other processes: two workers leave two cores idle for a fifth of the time.
    maxWorkers: 3,
    projects: [
      {
        ssr: { resolve: source },
        test: {
          name: "unit",
          retry,
          // They share no state, and importing what they test is most of their time.
          isolate: false,
          include: [
            "packages/*/src/**/*.test.ts",
            "scripts/*.test.ts",
            "bench/*.test.ts",
            "bench/{check,lib,report}/*.test.ts",
          ],
          // Random cases take long on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        ssr: { resolve: source },
        test: {
          name: "integration",
          retry,
          // The unit tests take half a minute. These take a quarter of an hour, so that `npm test` runs a sample of them.
          runner: "./scripts/lib/sampling-runner.ts",
          // What they test runs in other processes. A worker for each file takes half a second of its start.
          isolate: false,
          include: ["packages/*/test/**/*.test.ts", "examples/*.test.ts", "bench/test/*.test.ts"],
          exclude: [...configDefaults.exclude, ...(process.env["SOCKACT_SAMPLE"] ? leftOut : [])],
          globalSetup: "packages/testkit/src/shared-packages.ts",
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

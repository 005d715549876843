import { defineConfig } from "vitest/config";

// `npm run docs:test`. It is not a project of the root's configuration, so `npm test` needs neither the built site nor a browser.
export default defineConfig({
  ssr: { resolve: { conditions: ["@sockact/source", "node", "import", "module", "default"] } },
  test: {
    name: "docs",
    root: import.meta.dirname,
    include: ["test/**/*.test.ts", ".vitepress/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 180_000,
  },
});

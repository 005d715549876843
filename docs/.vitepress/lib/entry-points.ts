/** What users can import, and the source of it. The reference has a page for each. */
export const entryPoints: readonly { name: string; source: string; page: string }[] = [
  { name: "@sockact/core", source: "packages/core/src/index.ts", page: "reference/core" },
  { name: "@sockact/core/adapter", source: "packages/core/src/adapter.ts", page: "reference/core-adapter" },
  { name: "@sockact/express", source: "packages/express/src/index.ts", page: "reference/express" },
  { name: "@sockact/koa", source: "packages/koa/src/index.ts", page: "reference/koa" },
  { name: "@sockact/fastify", source: "packages/fastify/src/index.ts", page: "reference/fastify" },
  { name: "@sockact/notify", source: "packages/notify/src/index.ts", page: "reference/notify" },
  { name: "@sockact/units", source: "packages/units/src/index.ts", page: "reference/units" },
  { name: "sockact", source: "packages/cli/src/index.ts", page: "reference/sockact" },
];

import type { Manifest } from "./manifest.ts";
import type { SourceFile } from "./source-files.ts";

export type Framework =
  | "express"
  | "koa"
  | "fastify"
  | "nestjs"
  | "next"
  | "nuxt"
  | "astro"
  | "remix"
  | "sveltekit"
  | "adonis"
  | "hapi"
  | "hono"
  | "restify"
  | "polka";

/** Frameworks by package. Those that use another framework come first. */
const packages: readonly [Framework, readonly string[]][] = [
  ["next", ["next"]],
  ["nuxt", ["nuxt"]],
  ["astro", ["@astrojs/node"]],
  ["remix", ["@remix-run/serve", "@react-router/serve"]],
  ["sveltekit", ["@sveltejs/adapter-node"]],
  ["adonis", ["@adonisjs/core"]],
  ["nestjs", ["@nestjs/core"]],
  ["fastify", ["fastify", "@sockact/fastify"]],
  ["koa", ["koa", "@sockact/koa"]],
  ["express", ["express", "@sockact/express"]],
  ["hapi", ["@hapi/hapi"]],
  ["hono", ["@hono/node-server"]],
  ["restify", ["restify"]],
  ["polka", ["polka"]],
];

/** The framework of the app. Imports in the code have precedence over package.json. */
export function findFramework(
  files: readonly SourceFile[],
  { dependencies }: Manifest,
): Framework | undefined {
  const imported = new Set(files.flatMap(({ imports }) => imports));
  const by = (isThere: (name: string) => boolean): Framework | undefined =>
    packages.find(([, names]) => names.some((name) => isThere(name)))?.[0];
  return by((name) => imported.has(name)) ?? by((name) => name in dependencies);
}

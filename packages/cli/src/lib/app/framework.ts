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

/** By the packages of each, those first that are built on others. */
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

/** What the app is built with: what its code imports counts more than what its package.json names. */
export function findFramework(
  files: readonly SourceFile[],
  { dependencies }: Manifest,
): Framework | undefined {
  const imported = new Set(files.flatMap(({ imports }) => imports));
  const by = (isThere: (name: string) => boolean): Framework | undefined =>
    packages.find(([, names]) => names.some((name) => isThere(name)))?.[0];
  return by((name) => imported.has(name)) ?? by((name) => name in dependencies);
}

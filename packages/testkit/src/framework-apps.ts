import { basename } from "node:path";
import { type NpmApp, pageAndEcho, pages } from "./unmodified-apps.ts";

const FRAMEWORKS = "examples/frameworks";
const SRVX_PLUGIN = `${FRAMEWORKS}/srvx-plugin.mjs`;

/** Files of the repository, the first of which starts the app. */
function servedBy(server: string, ...more: string[]): Omit<NpmApp, "title" | "package" | "folder" | "node"> {
  return {
    examples: [server, ...more],
    ...pages({ "/": "^hello$" }),
    describe: ({ node, folder }) => ({
      name: "app",
      exec: [node, `${folder}/${basename(server)}`],
      sockets: [{ listen: 80, noDelay: true }],
      workingDirectory: folder,
      type: "notify",
      hardening: "inbound",
    }),
  };
}

/** Apps of frameworks, which use the packages of this repository. */
export const frameworkApps: readonly NpmApp[] = [
  {
    title: "Hono",
    package: "hono",
    folder: "apps/hono",
    by: "`@sockact/core`",
    page: "hono.md",
    node: 20,
    ...servedBy("packages/core/test/programs/hono.mjs"),
  },
  {
    title: "srvx",
    package: "srvx",
    folder: "apps/h3",
    by: "a plugin",
    page: "h3.md",
    node: 20,
    ...servedBy(`${FRAMEWORKS}/srvx.mjs`, SRVX_PLUGIN),
  },
  {
    title: "h3",
    package: "h3",
    folder: "apps/h3",
    by: "a plugin",
    page: "h3.md",
    node: 20,
    ...servedBy(`${FRAMEWORKS}/h3.mjs`, SRVX_PLUGIN),
  },
  {
    title: "Hapi",
    package: "@hapi/hapi",
    folder: "apps/hapi",
    by: "`@sockact/core`",
    page: "hapi.md",
    node: 20,
    ...servedBy(`${FRAMEWORKS}/hapi.mjs`),
  },
  {
    title: "AdonisJS",
    package: "@adonisjs/core",
    folder: "apps/adonisjs",
    by: "`@sockact/core`",
    page: "adonisjs.md",
    node: 24,
    ...servedBy(`${FRAMEWORKS}/adonisjs.mjs`),
  },
  {
    title: "NestJS",
    package: "@nestjs/core",
    folder: "apps/nestjs",
    by: "a module",
    page: "nestjs.md",
    node: 20,
    build: {
      // The compiler of the repository.
      commands: [{ script: "../../../../../node_modules/typescript/bin/tsc", args: ["-p", "."] }],
      makes: "dist/main.js",
      sources: `../../../../${FRAMEWORKS}/nest-module`,
    },
    deployed: "dist",
    ...servedBy("main.js"),
    examples: [],
    ...pages({ "/": "^hello$" }),
  },
  {
    title: "SvelteKit",
    package: "@sveltejs/adapter-node",
    folder: "apps/sveltekit",
    by: "`@sockact/core`",
    page: "../coming-from/sveltekit.md",
    node: 22,
    build: {
      commands: [{ script: "vite/bin/vite.js", args: ["build"] }],
      makes: "dist/build/handler.js",
    },
    ...servedBy("examples/coming-from/sveltekit-server.mjs"),
    ...pageAndEcho("/echo", "<p>SvelteKit works.</p>"),
  },
  {
    title: "Astro, in an Express app",
    package: "@astrojs/node",
    folder: "apps/astro",
    by: "`@sockact/express`",
    page: "astro.md",
    node: 22,
    build: {
      commands: [{ script: "astro/bin/astro.mjs", args: ["build"], env: { MODE: "middleware" } }],
      makes: "dist/dist/server/entry.mjs",
    },
    ...servedBy(`${FRAMEWORKS}/astro.mjs`),
    ...pageAndEcho("/echo", "<p>Astro works.</p>"),
  },
];

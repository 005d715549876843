import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { folderOf, installNpmApp } from "../../packages/testkit/src/install-npm-app.ts";
import { unmodifiedApps } from "../../packages/testkit/src/unmodified-apps.ts";
import { fileOf, installPeers } from "./peers.ts";

/** An app from npm, started as in its documentation. */
export interface NpmApp {
  name: string;
  /** Its folder, with its `node_modules`. */
  folder: string;
  /** The program in that folder. */
  entry: string;
  /** The arguments of the program, for two free ports of 127.0.0.1. It answers on the first one. */
  args?: (port: number, second: number) => string[];
  environment?: Record<string, string>;
}

const own = (name: string, entry: string): NpmApp => ({ name, folder: fileOf("npm-apps", ""), entry });

/** @param folder that of an app in the testkit, below `packages/testkit` */
function unmodified(name: string, folder: string, rest: Pick<NpmApp, "entry" | "args">): NpmApp {
  return {
    name,
    folder: fileURLToPath(new URL(`../../packages/testkit/${folder}`, import.meta.url)),
    ...rest,
  };
}

export const npmApps: readonly NpmApp[] = [
  own("Express with six packages", "express.mjs"),
  own("Fastify with six plugins", "fastify.mjs"),
  own("Koa with four packages", "koa.mjs"),
  own("NestJS", "nest.mjs"),
  own("Hono", "hono.mjs"),
  own("Apollo Server", "apollo.mjs"),
  own("GraphQL Yoga", "yoga.mjs"),
  own("Socket.IO", "socket-io.mjs"),
  {
    ...own("json-server", "node_modules/json-server/lib/cli/bin.js"),
    args: (port) => ["--port", String(port), "--host", "127.0.0.1", "db.json"],
  },
  { name: "SvelteKit", folder: fileOf("sveltekit", ""), entry: "dist/index.js" },
  unmodified("Next.js", "apps/next/.next-standalone/standalone", { entry: "server.js" }),
  unmodified("Nuxt", "apps/nuxt/.output", { entry: "server/index.mjs" }),
  unmodified("Node-RED", "apps/node-red", {
    entry: "node_modules/node-red/red.js",
    args: (port) => ["--port", String(port), "--userDir", ".node-red"],
  }),
  unmodified("Verdaccio", "registry", {
    entry: "node_modules/verdaccio/bin/verdaccio",
    args: (port) => ["--listen", `127.0.0.1:${port}`],
  }),
  unmodified("MailDev", "apps/maildev", {
    entry: "node_modules/maildev/dist/bin/maildev.js",
    args: (port, second) => ["--web", String(port), "--ip", "127.0.0.1", "--smtp", String(second)],
  }),
];

/** Installs these apps from npm and builds them, unless that is done. */
export async function installNpmApps(apps: readonly NpmApp[]): Promise<void> {
  if (apps.some(({ folder }) => folder === fileOf("npm-apps", ""))) await installPeers("npm-apps");
  if (apps.some(({ name }) => name === "SvelteKit")) await installPeers("sveltekit");
  for (const app of unmodifiedApps) {
    if (apps.some(({ folder }) => `${folder}/`.startsWith(`${folderOf(app)}/`))) await installNpmApp(app);
  }
}

/** A copy of the app in a new folder. Its files are hard links: replace a file instead of writing to it. */
export function copyOf(app: NpmApp, folder: string): NpmApp {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  execFileSync("cp", ["-al", join(app.folder, "/"), folder]);
  return { ...app, folder };
}

import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installWhenChanged } from "./install-when-changed.ts";

/** The folder of the tracing agents, with their preloads and the apps that run under them. */
export const AGENTS = fileURLToPath(new URL("../agents", import.meta.url));

/**
 * The same apps with Express 4 as `express`: agents recognise a package by the name of its folder, so an
 * alias does not work.
 */
export const AGENTS_EXPRESS_4 = join(AGENTS, "node_modules/.express4");

/**
 * Installs the agents, unless they are installed. They are outside of the workspaces, because their 340 MB
 * would double the size of `npm install`.
 */
export async function installAgents(): Promise<void> {
  await installWhenChanged(AGENTS, ["--omit=optional"]);
  const express4 = dirname(createRequire(import.meta.url).resolve("express4/package.json"));
  cpSync(express4, join(AGENTS_EXPRESS_4, "node_modules/express"), { recursive: true });
  const apps = ["app", "plain"].flatMap((app) => [`${app}-express.mjs`, `${app}-express.cjs`]);
  for (const file of [...apps, "shared.cjs"]) cpSync(join(AGENTS, file), join(AGENTS_EXPRESS_4, file));
}

import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { nodeBinary } from "../../../scripts/lib/node-binary.ts";
import { buildWhenChanged } from "./build-when-changed.ts";
import { installWhenChanged } from "./install-when-changed.ts";
import type { NpmApp } from "./unmodified-apps.ts";

const OWN_MAJOR = Number(process.versions.node.split(".")[0]);
const repository = new URL("../../../", import.meta.url);

/** The folder of an app, with its `node_modules`. */
export function folderOf({ folder }: NpmApp): string {
  return fileURLToPath(new URL(`../${folder}`, import.meta.url));
}

/** The major version of this process's Node, or the oldest one that the app supports. */
export function majorFor({ node }: NpmApp): number {
  return Math.max(node, OWN_MAJOR);
}

/** The binary of a newer Node than the one that runs this process, if the app needs it. */
export function newerNodeFor(app: NpmApp): string | undefined {
  const major = majorFor(app);
  return major === OWN_MAJOR ? undefined : nodeBinary(String(major));
}

/** Installs an app without install scripts, and builds it, unless that is done. */
export async function installNpmApp(app: NpmApp): Promise<void> {
  const folder = folderOf(app);
  await installWhenChanged(folder);
  if (app.build !== undefined) await buildWhenChanged(folder, app.build, newerNodeFor(app));
  for (const example of app.examples ?? []) {
    mkdirSync(join(folder, "dist"), { recursive: true });
    copyFileSync(new URL(example, repository), join(folder, "dist", basename(example)));
  }
}

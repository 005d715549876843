import { fileURLToPath } from "node:url";
import { buildWhenChanged } from "./build-when-changed.ts";
import { installWhenChanged } from "./install-when-changed.ts";
import type { UnmodifiedApp } from "./unmodified-apps.ts";

/** The folder of an app, with its `node_modules`. */
export function folderOf({ folder }: UnmodifiedApp): string {
  return fileURLToPath(new URL(`../${folder}`, import.meta.url));
}

/** Installs an app without install scripts, and builds it, unless that is done. */
export async function installUnmodifiedApp(app: UnmodifiedApp): Promise<void> {
  const folder = folderOf(app);
  await installWhenChanged(folder);
  if (app.build !== undefined) await buildWhenChanged(folder, app.build);
}

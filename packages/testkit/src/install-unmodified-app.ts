import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { endingWithParent } from "./end-with-parent.ts";
import { installWhenChanged } from "./install-when-changed.ts";
import type { UnmodifiedApp } from "./unmodified-apps.ts";

/** The folder of an app, with its `node_modules`. */
export function folderOf({ folder }: UnmodifiedApp): string {
  return fileURLToPath(new URL(`../${folder}`, import.meta.url));
}

/** Installs an app and builds it, unless that is done already. No install script runs. */
export async function installUnmodifiedApp(app: UnmodifiedApp): Promise<void> {
  const folder = folderOf(app);
  await installWhenChanged(folder);
  if (app.build === undefined) return;
  const { commands, makes } = app.build;
  const built = statSync(join(folder, makes), { throwIfNoEntry: false });
  if (built !== undefined && built.mtimeMs > newestSource(folder)) return;
  for (const { script, args, env } of commands) {
    const node = [process.execPath, join(folder, "node_modules", script)];
    const [program, ...rest] = endingWithParent([...node, ...args]);
    await promisify(execFile)(program as string, rest, {
      cwd: folder,
      env: {
        ...process.env,
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        NUXT_TELEMETRY_DISABLED: "1",
        ...env,
      },
    });
  }
}

/** The time when the newest source file of the app was written, in milliseconds. */
function newestSource(folder: string): number {
  const sources = readdirSync(folder, { withFileTypes: true }).filter(
    ({ name }) => !(name.startsWith(".") || name === "node_modules" || name === "dist"),
  );
  const times = sources.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newestSource(path) : statSync(path).mtimeMs;
  });
  return Math.max(0, ...times);
}

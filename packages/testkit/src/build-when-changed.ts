import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { endingWithParent } from "../../testing/src/end-with-parent.ts";

/** How an app is built: the commands, and the file that the last one creates. */
export interface Build {
  commands: readonly Command[];
  makes: string;
  /** A folder with more sources, relative to that of the app. */
  sources?: string;
}

interface Command {
  /** The script, relative to node_modules. */
  script: string;
  args: readonly string[];
  env?: Record<string, string>;
}

/** Builds the app in a folder, unless it is up to date. */
export async function buildWhenChanged(
  folder: string,
  { commands, makes, sources }: Build,
  node: string = process.execPath,
): Promise<void> {
  const built = statSync(join(folder, makes), { throwIfNoEntry: false });
  const newest = [folder, ...(sources === undefined ? [] : [join(folder, sources)])].map(newestSource);
  if (built !== undefined && built.mtimeMs > Math.max(...newest)) return;
  for (const { script, args, env } of commands) {
    const file = join(folder, "node_modules", script);
    const [program, ...rest] = endingWithParent([node, file, ...args]);
    await promisify(execFile)(program as string, rest, {
      cwd: folder,
      env: {
        ...process.env,
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        NUXT_TELEMETRY_DISABLED: "1",
        ASTRO_TELEMETRY_DISABLED: "1",
        ...env,
      },
    });
  }
}

/** The modification time of the newest source file of the app, in milliseconds. */
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

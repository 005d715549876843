import { hrtime } from "node:process";
import { APP, CODE, COMMAND, DURATION, EVENT, PRIORITY, RESULT } from "@sockact/shared/records";
import type { Command } from "commander";
import { execute } from "../shared/execute.ts";
import { installedApps } from "../shared/installed-apps.ts";

/** How long the record may delay the command, in milliseconds: journald may hang. */
const PATIENCE_MS = 100;

/** What each command that changes something has done. */
const done: Readonly<Record<string, string>> = {
  install: "installed",
  uninstall: "uninstalled",
  restart: "restarted",
  reload: "reloaded",
  drain: "drained",
  undrain: "undrained",
};

/** Writes an entry for each app to the journal, when the command has ended. */
export type RecordChange = (isDone: boolean, code?: string) => Promise<void>;

/**
 * Returns what records the change that a command is about to make; undefined if it makes none, or changes
 * another system below `--root`.
 */
export function recorderOf(command: Command): RecordChange | undefined {
  const name = command.name();
  const { dryRun, root } = command.opts<{ dryRun?: boolean; root?: string }>();
  if (done[name] === undefined || dryRun === true || root !== undefined) return undefined;
  const [names] = command.processedArgs as (string | string[] | undefined)[];
  const apps = name === "install" ? installedApps : [names].flat().map(withoutSuffix);
  const since = hrtime.bigint();
  return async (isDone, code) =>
    recordChange(name, apps, Number(hrtime.bigint() - since) / 1000, isDone, code);
}

const withoutSuffix = (name = ""): string => name.replace(/\.(?:service|socket)$/, "");

/**
 * Writes one entry for each app to the journal. It is lost without journald, or without logger(1) of
 * util-linux.
 *
 * @param took how long it took, in microseconds
 */
async function recordChange(
  command: string,
  apps: readonly string[],
  took: number,
  isDone: boolean,
  code: string | undefined,
): Promise<void> {
  await Promise.all(
    (apps.length === 0 ? [undefined] : apps).map(async (app) => {
      const what = app === undefined ? "" : ` ${app}`;
      const end = `${Math.round(took / 1000)} ms`;
      const fields = {
        MESSAGE: isDone
          ? `sockact: ${done[command]}${what} in ${end}`
          : `sockact: ${command}${what} failed after ${end}${code === undefined ? "" : ` (${code})`}`,
        SYSLOG_IDENTIFIER: "sockact",
        [PRIORITY]: isDone ? 6 : 3,
        [EVENT]: "command",
        [COMMAND]: command,
        [APP]: app,
        [RESULT]: isDone ? "success" : "failure",
        [DURATION]: Math.round(took),
        [CODE]: code,
      };
      const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
      // A line break in a name would begin another field.
      // oxlint-disable-next-line no-control-regex
      if (/[\u0000-\u001f]/.test(app ?? "")) return;
      await send(lines.map(([name, value]) => `${name}=${value}\n`).join(""));
    }),
  );
}

async function send(entry: string): Promise<void> {
  try {
    await execute("logger", ["--journald"], { input: entry, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    // The command has done its work.
  }
}

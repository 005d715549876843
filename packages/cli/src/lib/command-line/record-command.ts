import { spawn } from "node:child_process";
import { once } from "node:events";
import { hrtime } from "node:process";
import { APP, CODE, COMMAND, DURATION, EVENT, PRIORITY, RESULT } from "@sockact/shared/records";
import type { Command } from "commander";
import { deadline } from "../shared/deadline.ts";
import { installedApps } from "../shared/installed-apps.ts";
import { systemEnvironment } from "../shared/system-path.ts";

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

/** A command that changes this system. */
interface Change {
  command: string;
  apps: readonly string[];
  /** In nanoseconds. */
  since: bigint;
}

/**
 * The change that a command is about to make; undefined if it makes none, or changes another system below
 * `--root`.
 */
export function changeOf(command: Command): Change | undefined {
  const { dryRun, root } = command.opts<{ dryRun?: boolean; root?: string }>();
  if (done[command.name()] === undefined || dryRun === true || root !== undefined) return undefined;
  const [names] = command.processedArgs as (string | string[] | undefined)[];
  return {
    command: command.name(),
    apps: command.name() === "install" ? installedApps : [names].flat().map(withoutSuffix),
    since: hrtime.bigint(),
  };
}

const withoutSuffix = (name = ""): string => name.replace(/\.(?:service|socket)$/, "");

/**
 * Writes one entry for each app to the journal. It is lost without journald, or without logger(1) of
 * util-linux.
 */
export async function recordChange(
  { command, apps, since }: Change,
  isDone: boolean,
  code: string | undefined,
): Promise<void> {
  const took = Number(hrtime.bigint() - since) / 1000;
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
    const logger = spawn("logger", ["--journald"], {
      stdio: ["pipe", "ignore", "ignore"],
      env: systemEnvironment(),
    });
    const signal = deadline(PATIENCE_MS);
    signal.addEventListener("abort", () => logger.kill("SIGKILL"));
    logger.stdin.on("error", () => {});
    logger.stdin.end(entry);
    await once(logger, "close", { signal });
  } catch {
    // The command has done its work.
  }
}

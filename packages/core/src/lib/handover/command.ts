import { readFileSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import process from "node:process";
import { PREDECESSOR_VARIABLE, predecessor } from "@sockact/shared/notify";
import { LISTEN_VARIABLES } from "../activation/protocol/parse-environment.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { processState } from "../shared/process-state.ts";
import { startArguments } from "../shared/start.ts";

/** How to start the app again. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Record<string, string | undefined>;
}

const start = processState("start directory", {
  /** The working directory in PWD. */
  logicalDirectory: undefined as string | undefined,
});

/** The variables for this process only. */
const OWN_VARIABLES = [
  ...LISTEN_VARIABLES,
  "NODE_CHANNEL_FD",
  "NODE_CHANNEL_SERIALIZATION_MODE",
  "NODE_UNIQUE_ID",
];

/**
 * Starts its arguments as a process that is not a child of this one, with its ID in the variables that name
 * their process: sd_listen_fds(3), systemd.exec(5), sd_watchdog_enabled(3). The ID exists only after the
 * start.
 *
 * The parent of the new process ends at once, so the service manager becomes its parent. Otherwise systemd
 * would not notice when the new main process ends, and at a stop it would kill that process without waiting
 * for it.
 */
const LAUNCHER = `/bin/sh -c '
  export LISTEN_PID=$$ SYSTEMD_EXEC_PID=$$ ${PREDECESSOR_VARIABLE}=$$:$${PREDECESSOR_VARIABLE}
  if [ "\${WATCHDOG_PID+set}" ]; then export WATCHDOG_PID=$$; fi
  exec "$@"
' sh "$@" <&0 &`;

/**
 * The command line, working directory and environment of a new process that takes over this one's sockets.
 */
export function commandOfNewProcess(sockets: readonly PassedSocket[]): Command {
  const env = initialEnvironment();
  const firstStart = predecessor()?.firstStart ?? Math.round(Date.now() - process.uptime() * 1000);
  for (const name of OWN_VARIABLES) delete env[name];
  return {
    file: "/bin/sh",
    args: ["-c", LAUNCHER, "sh", process.execPath, ...initialArguments()],
    cwd: start.logicalDirectory,
    env: {
      ...env,
      LISTEN_FDS: String(sockets.length),
      LISTEN_FDNAMES: sockets.map(({ name }) => name).join(":"),
      [PREDECESSOR_VARIABLE]: `${process.pid}:${firstStart}`,
    },
  };
}

/**
 * The initial environment of this process. Later changes are the app's, which the new process makes by
 * itself.
 */
function initialEnvironment(): Record<string, string | undefined> {
  try {
    const entries = readFileSync("/proc/self/environ", "utf8").split("\0");
    return Object.fromEntries(
      entries.flatMap((entry) => {
        const at = entry.indexOf("=");
        return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
      }),
    );
  } catch {
    return { ...process.env };
  }
}

/**
 * The initial arguments of this process. Node makes the path of the script absolute, which would fix the
 * release of a relative path.
 */
function initialArguments(): readonly string[] {
  const known = [...process.execArgv, ...process.argv.slice(1)];
  const args = startArguments();
  if (args.length !== known.length) return known;
  // The option --title overwrites the arguments before any code runs.
  const isOriginal = args.at(-1)?.endsWith(known.at(-1) as string);
  const isScript = process.argv.length === 2 && known.at(-1)?.endsWith(args.at(-1) ?? "/");
  return isOriginal === true || isScript === true ? args : known;
}

/**
 * Records the arguments, and the working directory in PWD (POSIX, pwd(1)), if PWD is correct at the start.
 * With a symlink such as `/srv/shop/current`, PWD later leads to the folder of the next release, while the
 * process itself stays in that of the old one.
 */
export function rememberStart(): void {
  startArguments();
  const { PWD } = process.env;
  if (PWD === undefined || !isAbsolute(PWD)) return;
  const [named, actual] = [PWD, "."].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (named !== undefined && named.dev === actual?.dev && named.ino === actual.ino)
    start.logicalDirectory = PWD;
}

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { Guard } from "./guard.ts";

/** How a process has ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** How long it ran, in milliseconds. */
  ran: number;
}

/** The exit code of a process, as a shell reports it. */
export function exitCodeOf({ code, signal }: Pick<Ending, "code" | "signal">): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** Describes how a process ended. */
export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}

export interface RunningCommand {
  readonly pid: number | undefined;
  readonly ended: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
}

/** The sockets and options for a run of the command. */
export interface Passed {
  fds: readonly number[];
  /** `FileDescriptorName=` of each; empty for no names. */
  names: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** Only the process itself knows its pid before the command starts: the shell becomes the command. */
const AS_ACTIVATED = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"';

/** Some shells drop variables whose names they could not write, such as `my.conf`. env(1) sets them again. */
const AS_ACTIVATED_WITH_VARIABLES = 'exec /usr/bin/env "LISTEN_PID=$$" "$@"';

/** Starts the command, with the sockets as its descriptors 3, 4, … and the variables of sd_listen_fds(3). */
export function startCommand(
  command: readonly string[],
  { fds, names, env }: Passed,
  guard: Guard,
): RunningCommand {
  const variables = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || /^[a-z_]\w*$/i.test(name) ? [] : `${name}=${value}`,
  );
  const script = variables.length > 0 ? AS_ACTIVATED_WITH_VARIABLES : AS_ACTIVATED;
  makeBlocking(fds);
  const started = performance.now();
  const child = spawn("/bin/sh", ["-c", script, "sh", ...variables, ...command], {
    stdio: ["inherit", "inherit", "inherit", ...fds],
    env: {
      ...env,
      LISTEN_FDS: String(fds.length),
      LISTEN_FDNAMES: names.length > 0 ? names.join(":") : undefined,
      LISTEN_PIDFDID: undefined,
    },
  });
  const { pid } = child;
  if (pid !== undefined) guard.started(pid);
  return { pid, ended: endOf(child, started, guard), kill: (signal) => void child.kill(signal) };
}

/**
 * Clears O_NONBLOCK, as systemd does unless the unit says `NonBlocking=yes`: programs that are not Node may
 * fail with EAGAIN. Node has no call for it, but does so with what it passes as standard input, output or
 * error. The flag belongs to the socket, not to the descriptor.
 */
function makeBlocking(fds: readonly number[]): void {
  for (let at = 0; at < fds.length; at += 3)
    spawnSync("/bin/sh", ["-c", ":"], { stdio: [0, 1, 2].map((next) => fds[at + next] ?? "ignore") });
}

function endOf(child: ChildProcess, started: number, guard: Guard): Promise<Ending> {
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (child.pid !== undefined) guard.ended(child.pid);
      resolve({ code, signal, ran: performance.now() - started });
    };
    child.on("exit", end);
    child.on("error", (error) => {
      // kill() reports a failure here too, of a process that is still there.
      if (child.pid !== undefined) return;
      process.stderr.write(`${error.message}\n`);
      end(126, null);
    });
  });
}

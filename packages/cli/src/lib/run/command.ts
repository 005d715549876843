import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { Guard } from "./guard.ts";

/** How a process ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** How long it ran, in milliseconds. */
  ran: number;
}

/** The exit code of a process, as in a shell. */
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
  /** `FileDescriptorName=` of each, or empty. */
  names: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** Only the process itself knows its process ID before the command starts: the shell execs the command. */
const AS_ACTIVATED = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"';

/** Some shells remove variables with names such as `my.conf`. env(1) sets them again. */
const AS_ACTIVATED_WITH_VARIABLES = 'exec /usr/bin/env "LISTEN_PID=$$" "$@"';

/** Starts the command with the sockets as descriptors 3, 4, … and the variables of sd_listen_fds(3). */
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
 * Clears O_NONBLOCK, as systemd does without `NonBlocking=yes`: programs other than Node may fail with
 * EAGAIN. Node has no function for it, but clears the flag of descriptors that it passes as standard streams.
 * The flag belongs to the socket, not to the descriptor.
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
      // A failed kill() of an existing process is also reported here.
      if (child.pid !== undefined) return;
      process.stderr.write(`${error.message}\n`);
      end(126, null);
    });
  });
}

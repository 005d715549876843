import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { atEnd } from "./at-end.ts";
import { endingWithParent } from "./end-with-parent.ts";

/**
 * The maximum time that a test waits for anything, in milliseconds: far more than it takes on a busy machine.
 */
export const DEADLINE = 45_000;

/** The programs that were started since a test began. */
export const programsOfTest: Set<AppProcess> = new Set();

/** A program under test, whose output can be awaited. */
export interface AppProcess extends AsyncDisposable {
  /** Its process ID. */
  readonly pid: number;
  /** Everything that it has written to standard output. */
  readonly stdout: string;
  /** Everything that it has written to standard error. */
  readonly stderr: string;
  /** Resolves to the first line of either stream that matches, from the start of the process on. */
  line(pattern: RegExp): Promise<string>;
  /** Resolves to the first JSON line on stdout with this `event` that no earlier call has returned. */
  event<T = Record<string, unknown>>(name: string): Promise<T>;
  /** Writes one line to its standard input. */
  write(line: string): void;
  /** Ends its standard input. */
  endInput(): void;
  /** Sends it a signal, `SIGTERM` by default. */
  kill(signal?: NodeJS.Signals): void;
  /** Resolves to the exit code or the signal when the process has ended and its output has been read. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** How to start a program. */
export interface SpawnOptions {
  /** Added to the environment of this process. The program does not get its variables of systemd, sockact, npm and Node. */
  readonly env?: Record<string, string | undefined> | undefined;
  /** The working directory; that of this process by default. */
  readonly cwd?: string | undefined;
  /** Descriptors of this process that the program gets as its 3, 4, … */
  readonly fds?: readonly number[] | undefined;
}

/**
 * Starts a program. It is killed when it is disposed of, when the current test ends, and when this process
 * ends.
 */
export function startProcess(
  command: readonly string[],
  { env, cwd, fds = [] }: SpawnOptions = {},
): AppProcess {
  const [program, ...args] = endingWithParent(command);
  const stdio: StdioOptions = ["pipe", "pipe", "pipe", ...fds];
  const child = spawn(program as string, args, {
    env: { ...cleanEnvironment(), ...env },
    cwd,
    stdio,
  });
  return watchProcess(child);
}

/**
 * Watches the output of a program. The program is killed when it is disposed of, when the current test ends,
 * and when this process exits.
 */
export function watchProcess(child: ChildProcess): AppProcess {
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
      child.emit("output");
    });
  }
  child.stdin?.on("error", () => {});
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal as NodeJS.Signals)));
  });
  ended.catch(() => {});
  const cancel = atEnd(() => void child.kill("SIGKILL"));
  void ended.finally(cancel).catch(() => {});

  const seen = new Set<number>();
  const program: AppProcess = {
    pid: child.pid as number,
    ended,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    line: (pattern) =>
      waitFor(child, output, `a line that matches ${pattern}`, () =>
        lines(output).find((line) => pattern.test(line)),
      ),
    event: <T>(name: string) =>
      waitFor(child, output, `the event ${name}`, () => {
        for (const [index, line] of output.stdout.split("\n").slice(0, -1).entries()) {
          if (seen.has(index) || !line.startsWith("{")) continue;
          const parsed = JSON.parse(line) as { event?: string };
          if (parsed.event !== name) continue;
          seen.add(index);
          return parsed as T;
        }
        return undefined;
      }),
    write: (line) => void child.stdin?.write(`${line}\n`),
    endInput: () => void child.stdin?.end(),
    kill: (signal = "SIGKILL") => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended.catch(() => {});
    },
  };
  programsOfTest.add(program);
  return program;
}

/** The environment of this process, without the variables of the test runner, npm or a service manager. */
function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(LISTEN_|NOTIFY_SOCKET|WATCHDOG_|SOCKACT_|DEBUG_INVOCATION|SYSTEMD_EXEC_PID|CREDENTIALS_DIRECTORY|JOURNAL_STREAM|npm_|VITEST|NODE_|TEST$|FORCE_COLOR)/.test(
          name,
        ),
    ),
  );
}

function lines({ stdout, stderr }: { stdout: string; stderr: string }): string[] {
  return [...stdout.split("\n").slice(0, -1), ...stderr.split("\n").slice(0, -1)];
}

/**
 * Calls the function after each piece of output until there is an answer, the program has ended, or the
 * deadline has passed.
 */
async function waitFor<T>(
  child: ChildProcess,
  output: { stdout: string; stderr: string },
  what: string,
  find: () => T | undefined,
): Promise<T> {
  const signal = AbortSignal.timeout(DEADLINE);
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    const failed = signal.aborted
      ? `did not write ${what} in ${DEADLINE} ms`
      : child.stdout?.closed && `ended without writing ${what}`;
    if (failed)
      throw new Error(`The program ${failed}.\n--- stdout\n${output.stdout}\n--- stderr\n${output.stderr}`);
    const heard = new AbortController();
    const either = { signal: AbortSignal.any([signal, heard.signal]) };
    await Promise.race([once(child, "output", either), once(child, "close", either)]).catch(() => {});
    heard.abort();
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { clean } from "./clean.ts";

/** Why a program did not answer. */
export type NoAnswer =
  | { failure: "late"; seconds: number }
  | { failure: "large" }
  | { failure: "malformed"; cause: unknown }
  /** `how` is the exit code or the signal. */
  | { failure: "ended"; how: string };

export interface ProgramRequest {
  /** The file of the program, in dist. */
  program: string;
  /** Sent as JSON. */
  request: object;
  /** The user whose home directory and name the program sees. */
  user: { name: string; home: string };
  seconds: number;
  mostBytes: number;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a program with the app's code as its user, and returns its {@link answer}. It gets no terminal and
 * only the variables below. Its output goes to standard error, and all processes that it starts in its
 * process group end with it.
 */
export async function askProgram({
  program,
  request,
  user,
  seconds,
  mostBytes,
}: ProgramRequest): Promise<{ answer: unknown } | NoAnswer> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify(request)], {
    cwd: "/",
    env: environmentOf(user),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // A session without a terminal: otherwise the code could answer a prompt of sockact.
    detached: true,
  });
  const end = (): void => killGroup(child);
  const endOnSignal = (signal: NodeJS.Signals): void => {
    end();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, endOnSignal);
  try {
    return await answerOf(child, seconds, mostBytes);
  } finally {
    end();
    for (const signal of SIGNALS) process.off(signal, endOnSignal);
  }
}

/** The same with and without sudo, so that a config describes the same service. */
function environmentOf({ name, home }: ProgramRequest["user"]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) =>
    /^(?:PATH|LANG|LC_\w+|TZ|TERM|NO_COLOR)$/.test(key),
  );
  return { ...Object.fromEntries(kept), HOME: home, USER: name, LOGNAME: name };
}

async function answerOf(
  child: ChildProcess,
  seconds: number,
  mostBytes: number,
): Promise<{ answer: unknown } | NoAnswer> {
  // Under sudo, this is the output of another user, so it must not control root's terminal.
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding("utf8").on("data", (text: string) => process.stderr.write(clean(text)));
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  ended.catch(() => {});
  const pipe = child.stdio[3] as NodeJS.ReadableStream;
  const chunks: Buffer[] = [];
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child);
  }, seconds * 1000);
  try {
    let size = 0;
    for await (const chunk of pipe as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBytes) return { failure: "large" };
      chunks.push(chunk);
      // The code may have left a timer or server behind.
      if (chunk.at(-1) === 0x0a) return parsed(Buffer.concat(chunks).toString());
    }
    if (isLate) return { failure: "late", seconds };
    const [code, signal] = await ended;
    return { failure: "ended", how: signal ?? `exit code ${code}` };
  } finally {
    clearTimeout(timer);
  }
}

/** Checks the answer, because the app's code runs in that process. */
function parsed(text: string): { answer: unknown } | NoAnswer {
  try {
    return { answer: JSON.parse(text) as unknown };
  } catch (cause) {
    return { failure: "malformed", cause };
  }
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has already ended.
  }
}

/** Sends the program's answer to the parent process. */
export function answer(message: object): void {
  let rest = Buffer.from(`${JSON.stringify(message)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(3, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { clean } from "../shared/clean.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";

/** The request to the program that evaluates a config. */
export interface ConfigRequest {
  file: string;
  /** The user that it becomes before it reads the file. */
  user?: { name: string; uid: number; gid: number } | undefined;
}

/** The answer of that program. */
export interface ConfigAnswer {
  value?: unknown;
  error?: {
    kind: "syntax" | "thrown" | "value";
    message: string;
    code?: string | undefined;
    stack?: string | undefined;
  };
}

/** How long the evaluation of a config may take. SOCKACT_CONFIG_TIMEOUT changes it, in seconds. */
const TIMEOUT_S = 30;

/** More than any description needs. */
const MOST_BYTES = 4 * 1024 * 1024;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Evaluates a config in a process of the invoking user, which gets no terminal and only the variables below.
 * The config may do what it likes there: what it prints goes to standard error, and all that it has started
 * in the process group ends with it.
 */
export async function evaluateConfig(file: string, invoker: Invoker): Promise<ConfigAnswer> {
  const { isSudo, name, uid, gid } = invoker;
  const request: ConfigRequest = { file, ...(isSudo ? { user: { name, uid, gid } } : {}) };
  const program = fileURLToPath(new URL("load-config.cjs", import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(request)], {
    cwd: "/",
    env: environmentOf(invoker),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // A session without a terminal: otherwise the config could type the answer to a prompt of sockact.
    detached: true,
  });
  const end = (): void => killGroup(child);
  const endOnSignal = (signal: NodeJS.Signals): void => {
    end();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, endOnSignal);
  try {
    return await answerOf(child, file);
  } finally {
    end();
    for (const signal of SIGNALS) process.off(signal, endOnSignal);
  }
}

/** The same with sudo and without it, so that a config describes the same service. */
function environmentOf({ name, home }: Invoker): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) =>
    /^(?:PATH|LANG|LC_\w+|TZ|TERM|NO_COLOR)$/.test(key),
  );
  return { ...Object.fromEntries(kept), HOME: home, USER: name, LOGNAME: name };
}

async function answerOf(child: ChildProcess, file: string): Promise<ConfigAnswer> {
  const seconds = Math.min(Number(process.env["SOCKACT_CONFIG_TIMEOUT"]) || TIMEOUT_S, 3600);
  // Under sudo this is the output of another user, so it must not control root's terminal.
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
      if (size > MOST_BYTES)
        throw failed(
          "SOCKACT_ERR_CONFIG_SIZE",
          `${file} exports more than 4 MiB`,
          "Export only the description.",
        );
      chunks.push(chunk);
      // The config may have left a timer or a server behind.
      if (chunk.at(-1) === 0x0a) return parseAnswer(Buffer.concat(chunks).toString(), file);
    }
    if (isLate) {
      throw failed(
        "SOCKACT_ERR_CONFIG_TIMEOUT",
        `${file} has not exported anything after ${seconds} s`,
        "Look for a loop, or for an await that never ends. SOCKACT_CONFIG_TIMEOUT=60 gives the config 60 seconds.",
      );
    }
    const [code, signal] = await ended;
    throw failed(
      "SOCKACT_ERR_CONFIG_FAILED",
      `${file} ended the process before it exported anything: ${signal ?? `exit code ${code}`}`,
      "Remove process.exit() from the config, and await its promises.",
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The config runs in the process that answers, so it may have written anything there. */
function parseAnswer(text: string, file: string): ConfigAnswer {
  try {
    const answer = JSON.parse(text) as ConfigAnswer;
    const { message, stack = "" } = answer.error ?? { message: "" };
    if (typeof message !== "string" || typeof stack !== "string") throw new TypeError("no message");
    return answer;
  } catch (cause) {
    const message = `${file} wrote to file descriptor 3, which is for sockact's answer`;
    throw failed("SOCKACT_ERR_CONFIG_FAILED", message, "Do not use this descriptor in the config.", cause);
  }
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

function failed(
  code: "SOCKACT_ERR_CONFIG_SIZE" | "SOCKACT_ERR_CONFIG_TIMEOUT" | "SOCKACT_ERR_CONFIG_FAILED",
  message: string,
  hint: string,
  cause?: unknown,
): CliError {
  return new CliError(code, message, hint, { exitCode: EXIT.failed, cause });
}

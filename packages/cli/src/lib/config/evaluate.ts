import process from "node:process";
import { askProgram } from "../shared/ask-program.ts";
import type { TargetUser } from "../shared/become-user.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";

/** The request to the program that evaluates a config. */
export interface ConfigRequest {
  file: string;
  /** The user to become before the file is read. */
  user?: TargetUser | undefined;
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

/** The time limit for evaluating a config. SOCKACT_CONFIG_TIMEOUT overrides it, in seconds. */
const TIMEOUT_S = 30;

/** More than any description needs. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Evaluates a config in a process of the invoking user. */
export async function evaluateConfig(file: string, invoker: Invoker): Promise<ConfigAnswer> {
  const { isSudo, name, uid, gid } = invoker;
  const request: ConfigRequest = { file, ...(isSudo ? { user: { name, uid, gid } } : {}) };
  const asked = await askProgram({
    program: "load-config.cjs",
    request,
    user: invoker,
    seconds: Math.min(Number(process.env["SOCKACT_CONFIG_TIMEOUT"]) || TIMEOUT_S, 3600),
    mostBytes: MOST_BYTES,
  });
  if ("answer" in asked) return checked(asked.answer, file);
  switch (asked.failure) {
    case "large":
      throw failed(
        "SOCKACT_ERR_CONFIG_SIZE",
        `${file} exports more than 4 MiB`,
        "Export only the description.",
      );
    case "late":
      throw failed(
        "SOCKACT_ERR_CONFIG_TIMEOUT",
        `${file} has not exported anything after ${asked.seconds} s`,
        "Look for a loop, or for an await that never ends. SOCKACT_CONFIG_TIMEOUT=60 gives the config 60 seconds.",
      );
    case "ended":
      throw failed(
        "SOCKACT_ERR_CONFIG_FAILED",
        `${file} ended the process before it exported anything: ${asked.how}`,
        "Remove process.exit() from the config, and await its promises.",
      );
    case "malformed":
      throw descriptorError(file, asked.cause);
  }
}

/** Checks the answer, because the config runs in that process. */
function checked(value: unknown, file: string): ConfigAnswer {
  const { error } = Object(value) as ConfigAnswer;
  const { message, stack = "" } = error ?? { message: "" };
  if (value === null || typeof message !== "string" || typeof stack !== "string")
    throw descriptorError(file, new TypeError("no message"));
  return value as ConfigAnswer;
}

function descriptorError(file: string, cause: unknown): CliError {
  const message = `${file} wrote to file descriptor 3, which is for sockact's answer`;
  return failed("SOCKACT_ERR_CONFIG_FAILED", message, "Do not use this descriptor in the config.", cause);
}

function failed(
  code: "SOCKACT_ERR_CONFIG_SIZE" | "SOCKACT_ERR_CONFIG_TIMEOUT" | "SOCKACT_ERR_CONFIG_FAILED",
  message: string,
  hint: string,
  cause?: unknown,
): CliError {
  return new CliError(code, message, hint, { exitCode: EXIT.failed, cause });
}

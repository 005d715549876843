import { resolve } from "node:path";
import process from "node:process";
import { colourOut, print } from "../output/print.ts";
import { progress, type Progress } from "../output/progress.ts";
import { textWidth } from "../output/wrap.ts";
import { CliError, type CliErrorCode, EXIT } from "../shared/cli-error.ts";
import { invoker } from "../shared/invoker.ts";
import { tell } from "../shared/messages.ts";
import { commandsIn } from "../shared/own-command.ts";
import { readTextFile } from "../shared/read-file.ts";
import { exitCodeAfter, untilSignal } from "../shared/until-signal.ts";
import { writeWhole } from "../shared/write-file.ts";
import { loadProve } from "./load-prove.ts";

/** The options of `sockact prove`. `@sockact/prove` checks all but those of the app. */
export interface ProveCommandOptions {
  config?: string | undefined;
  path?: string | undefined;
  status?: number | undefined;
  with?: string[] | undefined;
  restarts?: number | undefined;
  only?: string[] | undefined;
  format?: string | undefined;
  json?: boolean | undefined;
  output?: string[] | undefined;
  budget?: string[] | undefined;
  baseline?: string | undefined;
  save?: string | undefined;
  /** The options for `sockact install`, as they are. */
  installOptions: string[];
}

/** The exit codes of the errors of `@sockact/prove`. */
const exitCodes: Readonly<Record<string, number>> = {
  SOCKACT_ERR_PROVE_OPTION: EXIT.usage,
  SOCKACT_ERR_PROVE_BASELINE: EXIT.usage,
  SOCKACT_ERR_PROVE_UNAVAILABLE: EXIT.notExamined,
};

/** Tries an app, and returns the exit code. */
export async function proveApp(
  entry: string | undefined,
  { json, ...options }: ProveCommandOptions,
): Promise<number> {
  const { runCommand } = await loadProve();
  return untilSignal(async (signal) => {
    const format = json === true ? "json" : options.format;
    const screen = new Screen();
    try {
      const isGood = await runCommand(entry, { ...options, format, signal }, screen);
      return isGood ? 0 : EXIT.failed;
    } catch (error) {
      if (signal.aborted) return exitCodeAfter(signal);
      throw isProveError(error) ? cliError(error) : error;
    } finally {
      screen.end();
    }
  });
}

/** The terminal, and the files of the user. */
class Screen {
  readonly width = textWidth();
  readonly color = colourOut;
  #progress: Progress | undefined;

  print(text: string): void {
    this.end();
    print(text);
  }

  log(text: string): void {
    this.end();
    tell(text);
  }

  /** Without a terminal, the lines of the checks say enough. */
  progress(text: string): void {
    if (!process.stderr.isTTY) return;
    if (this.#progress === undefined) this.#progress = progress(text);
    else this.#progress.retitle(text);
  }

  read(file: string): string {
    return readTextFile(file);
  }

  async write(file: string, text: string): Promise<void> {
    await writeWhole(resolve(file), text, await invoker());
  }

  end(): void {
    this.#progress?.done();
    this.#progress = undefined;
  }
}

interface ProveError extends Error {
  code: CliErrorCode;
  hint: string;
}

/** It is of another copy of the package, so `instanceof` does not know it. */
const isProveError = (error: unknown): error is ProveError =>
  error instanceof Error && error.name === "ProveError" && "code" in error && "hint" in error;

const cliError = (error: ProveError): CliError =>
  new CliError(error.code, error.message, commandsIn(error.hint), {
    exitCode: exitCodes[error.code] ?? EXIT.failed,
    cause: error,
  });

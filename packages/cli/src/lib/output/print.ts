import { writeSync } from "node:fs";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { colourFor } from "../shared/colour.ts";
import { cleanAroundColours, jsonText } from "../shared/clean.ts";

/** Colors a string for standard output, if colors are enabled. */
export const colourOut = colourFor("stdout");

/**
 * Writes to standard output synchronously, because a stream would report an error only after the program has
 * exited with success. On a terminal, keeps colors but no other control characters, unless `isControl` says
 * that they are ours. Returns whether the output still has a reader.
 */
export function print(text: string, isControl = false): boolean {
  try {
    let rest = Buffer.from(process.stdout.isTTY && !isControl ? cleanAroundColours(text) : text);
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(1, rest));
      } catch (error) {
        // The pipe is full and non-blocking. Its reader will make space soon.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
    return true;
  } catch (error) {
    // The reader has closed the pipe.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return false;
    throw new CliError(
      "SOCKACT_ERR_OUTPUT",
      `can't write to the standard output: ${(error as Error).message}`,
      "Free some space, or send the output to another place.",
      { exitCode: EXIT.failed, cause: error },
    );
  }
}

/** Whether the command has printed its JSON result. Its output is then complete. */
let hasPrintedJson = false;

/** Prints a value as JSON to standard output. */
export function printJson(value: unknown): void {
  hasPrintedJson = true;
  print(`${jsonText(value, 2)}\n`);
}

/** An error in the form of `--json`. */
export const errorJson = ({ code, message, hint }: CliError) => ({ code, message, hint });

/**
 * Prints an error as JSON to standard output, unless the command has printed a result. It is one line,
 * because some commands print one object per line.
 */
export function printErrorJson(error: CliError): void {
  if (!hasPrintedJson && error.code !== "SOCKACT_ERR_OUTPUT")
    print(`${jsonText({ error: errorJson(error) })}\n`);
}

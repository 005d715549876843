import { writeSync } from "node:fs";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { colourFor } from "../shared/colour.ts";
import { cleanAroundColours, jsonText } from "../shared/clean.ts";

/** Colours a string for standard output, if colours are wanted there. */
export const colourOut = colourFor("stdout");

/**
 * Writes to standard output at once. A terminal gets only colours and no other control characters, unless
 * `isControl` says that they are ours. A stream would report an error only after the program has ended with
 * success. Returns whether the output still has a reader.
 */
export function print(text: string, isControl = false): boolean {
  try {
    let rest = Buffer.from(process.stdout.isTTY && !isControl ? cleanAroundColours(text) : text);
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(1, rest));
      } catch (error) {
        // The pipe is full and does not block. Its reader will make room soon.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
    return true;
  } catch (error) {
    // The reader has read enough.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return false;
    throw new CliError(
      "SOCKACT_ERR_OUTPUT",
      `can't write to the standard output: ${(error as Error).message}`,
      "Free some space, or send the output to another place.",
      { exitCode: EXIT.failed, cause: error },
    );
  }
}

/** Whether the command has printed its result as JSON. Then its output is complete. */
let hasPrintedJson = false;

/** Writes a value as JSON to standard output. */
export function printJson(value: unknown): void {
  hasPrintedJson = true;
  print(`${jsonText(value, 2)}\n`);
}

/** An error as `--json` has it. */
export const errorJson = ({ code, message, hint }: CliError) => ({ code, message, hint });

/**
 * Writes an error as JSON to standard output, unless the command has printed a result. It is one line,
 * because some commands print a line for each object.
 */
export function printErrorJson(error: CliError): void {
  if (!hasPrintedJson && error.code !== "SOCKACT_ERR_OUTPUT")
    print(`${jsonText({ error: errorJson(error) })}\n`);
}

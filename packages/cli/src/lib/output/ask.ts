import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";

/** The parts of each question. */
interface Question {
  message: string;
  /** The option that answers the question without a terminal, such as `--yes`. */
  option: string;
}

/** Whether the user can be asked: questions go to standard error, and answers come from standard input. */
function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks for yes or no. */
export async function askWhether({
  initial = true,
  ...question
}: Question & { initial?: boolean }): Promise<boolean> {
  return ask<boolean>(question, async ({ confirm }, { message, output }) =>
    confirm({ message, output, initialValue: initial }),
  );
}

/** An answer of a choice. */
export interface Choice<Value> {
  value: Value;
  label: string;
  hint?: string | undefined;
}

/** Asks for one of several answers. The first is preselected. */
export async function askWhich<Value extends string>(
  question: Question & { choices: readonly Choice<Value>[] },
): Promise<Value> {
  const options = question.choices.map(({ hint, ...choice }) =>
    hint === undefined ? choice : { ...choice, hint },
  );
  // The type of an option depends on the type of its value, which is unknown here.
  return ask(question, async ({ select }, { message, output }) =>
    select<string>({ message, output, options, showInstructions: false }),
  ) as Promise<Value>;
}

/**
 * Asks for a line of text.
 *
 * @param question.initial the prefilled answer
 * @param question.validate returns why an answer is invalid, or `undefined`
 */
export async function askText({
  initial = "",
  validate = () => undefined,
  ...question
}: Question & { initial?: string; validate?: (answer: string) => string | undefined }): Promise<string> {
  return ask<string>(question, async ({ text }, { message, output }) =>
    text({ message, output, initialValue: initial, validate: (answer) => validate(answer ?? "") }),
  );
}

type Prompts = typeof import("@clack/prompts");

async function ask<Value>(
  { message, option }: Question,
  prompt: (
    prompts: Prompts,
    common: { message: string; output: NodeJS.WriteStream },
  ) => Promise<Value | symbol>,
): Promise<Value> {
  if (!canAsk())
    throw new CliError(
      "SOCKACT_ERR_NO_TERMINAL",
      `can't ask without a terminal: ${message}`,
      `Add ${option}, or run it in a terminal.`,
    );
  const prompts = await import("@clack/prompts");
  const answer = await prompt(prompts, { message, output: process.stderr });
  if (prompts.isCancel(answer))
    throw new CliError("SOCKACT_ERR_CANCELLED", "you cancelled it", "Nothing was changed.", {
      exitCode: EXIT.interrupted,
    });
  return answer as Value;
}

import type { Argument, Command, Option } from "commander";
import { ServiceManager } from "../systemd/service-manager.ts";

/** A possible completion of the current word. */
interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** The candidates, or `files` for the shell's own completion of files. */
export type Candidates = readonly Candidate[] | "files";

/** The first sentence of a description, or a part of it. */
function short(description: string): string {
  return description
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ \([^)]*\)/g, "")
    .replace(/(?<=[.:;,(]) .*$|[.:;,(]$/, "")
    .replace(/[.:;,(]$/, "");
}

const words = (values: readonly string[]): Candidate[] => values.map((value) => ({ value, description: "" }));

const commandsOf = (program: Command): Candidate[] =>
  program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ value: command.name(), description: short(command.description()) }));

const optionsOf = (command: Command): Candidate[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short: letter, description }) => {
      const names = [long, long === undefined ? letter : undefined].filter((name) => name !== undefined);
      return names.map((value) => ({ value, description: short(description) }));
    });

/** The option in a word, without its value. */
function optionNamed(command: Command, word: string): Option | undefined {
  return command
    .createHelp()
    .visibleOptions(command)
    .find(({ long, short: letter }) => word === long || word === letter);
}

/** The services that sockets start. Empty without systemd. */
async function services(isUser: boolean): Promise<Candidate[]> {
  const { activatedServices } = await import("../systemd/activated-units.ts");
  // A longer wait would make completion useless.
  const manager = new ServiceManager({ user: isUser, signal: AbortSignal.timeout(2_000) });
  const found = await activatedServices(manager).catch(() => []);
  return found.map(({ name, service }) => ({ value: name, description: service }));
}

/** The candidates for an argument or an option's value, by its name in the help. */
async function valuesFor(
  name: string,
  choices: readonly string[] | undefined,
  { isUser, current }: { isUser: boolean; current: string },
): Promise<Candidates> {
  if (choices !== undefined) return words(choices);
  if (/^(?:name|service|unit)s?$/i.test(name)) return services(isUser);
  // A service if one has this prefix, otherwise a file.
  if (name === "targets") {
    const found = await services(isUser);
    return found.some(({ value }) => value.startsWith(current)) ? found : "files";
  }
  if (name === "code") {
    const { explainedCodes } = await import("../explain/codes.ts");
    return words([...new Set(explainedCodes().map(({ code }) => code))]);
  }
  if (/^(?:number|duration|address|seconds|score)$/i.test(name)) return [];
  return "files";
}

/** The name of a value in the flags of an option: `file` in `-f, --from <file>`. */
const valueName = ({ flags }: Option): string => /[<[]([^\]>.]+)/.exec(flags)?.[1] ?? "";

/**
 * The candidates at the end of a command line. `line` has the words after `sockact`; the last one is
 * incomplete, and may be empty.
 */
export async function candidatesFor(program: Command, line: readonly string[]): Promise<Candidates> {
  const current = line.at(-1) ?? "";
  const before = line.slice(0, -1);
  const at = before.findIndex((word) => !word.startsWith("-"));
  if (at < 0) return current.startsWith("-") ? optionsOf(program) : commandsOf(program);
  if (before[at] === "help") return commandsOf(program);
  const command = program.commands.find((known) => known.name() === before[at]);
  if (command === undefined) return [];

  const place = { current, isUser: before.includes("--user") };
  const optionValues = async (option: Option) => valuesFor(valueName(option), option.argChoices, place);
  let position = 0;
  let pending: Option | undefined;
  for (const word of before.slice(at + 1)) {
    if (pending !== undefined) pending = undefined;
    else if (word === "--") return "files";
    else if (word.startsWith("-")) {
      const option = optionNamed(command, word);
      pending = option?.required ? option : undefined;
    } else position += 1;
  }
  if (pending !== undefined) return optionValues(pending);

  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && value !== undefined) {
    const option = optionNamed(command, name);
    return option === undefined ? [] : optionValues(option);
  }
  if (current.startsWith("-")) return optionsOf(command);
  const { registeredArguments } = command;
  const argument: Argument | undefined =
    registeredArguments[position] ?? registeredArguments.findLast(({ variadic }) => variadic);
  return argument === undefined ? [] : valuesFor(argument.name(), argument.argChoices, place);
}

import type { Command } from "commander";

/** Escapes text for roff. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replaceAll(
      /[^\x20-\x7e\n]/gu,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replaceAll(/^(?=\.)/gm, "\\&");
}

/** The part of a command's help that addHelpText() added. */
function addedHelp(command: Command): string {
  let printed = "";
  const { writeOut, ...others } = command.configureOutput();
  command.configureOutput({ ...others, writeOut: (text) => (printed += text), getOutHasColors: () => false });
  command.outputHelp();
  command.configureOutput({ ...others, ...(writeOut && { writeOut }) });
  return printed.slice(command.helpInformation().length);
}

/** Formats headings, lists with indented lines, and paragraphs of our help texts. */
function helpText(text: string): string[] {
  return text
    .trim()
    .split("\n\n")
    .flatMap((block) => {
      const lines = block.split("\n");
      // Unwrapped lines have up to 80 columns, and man indents them by 7.
      const longest = Math.max(...lines.map((line) => line.length - 2));
      const indent = Math.max(-7, Math.min(4, 73 - longest));
      const result = [".PP"];
      let isList = false;
      for (const line of lines) {
        const isIndented = line.startsWith("  ");
        if (isIndented !== isList) result.push(...(isIndented ? [`.RS ${indent}`, ".nf"] : [".fi", ".RE"]));
        isList = isIndented;
        if (isIndented) result.push(roff(line.slice(2)));
        else result.push(line.endsWith(":") ? `\\fB${roff(line)}\\fR` : roff(line));
      }
      if (isList) result.push(".fi", ".RE");
      return result;
    });
}

function terms(
  heading: string | undefined,
  entries: readonly (readonly [term: string, text: string])[],
): string[] {
  if (entries.length === 0) return [];
  return [
    ...(heading === undefined ? [] : [".PP", `\\fB${heading}\\fR`]),
    ...entries.flatMap(([term, text]) => [".TP", `\\fB${roff(term)}\\fR`, roff(text)]),
  ];
}

function section(command: Command): string[] {
  const help = command.createHelp();
  Object.assign(help, command.configureHelp());
  const options = help.visibleOptions(command).filter(({ long }) => long !== "--help");
  return [
    `.SS sockact ${command.name()}`,
    `.B sockact ${command.name()}`,
    roff(command.usage()),
    ".PP",
    roff(command.description()),
    ...terms(
      undefined,
      command.registeredArguments.map((argument) => [argument.name(), help.argumentDescription(argument)]),
    ),
    ...terms(
      undefined,
      options.map((option) => [option.flags, help.optionDescription(option)]),
    ),
    ...helpText(addedHelp(command)),
  ];
}

const environment = [
  ["NO_COLOR", "Any value turns colours off."],
  ["FORCE_COLOR", "Colours even where the output is not a terminal: 1, 2 or 3."],
  ["PORT", "The port of sockact run without --listen."],
] as const;

/** sockact(1), generated from the help of the commands. */
export function manPage(program: Command, version: string): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((command) => command.name() !== "help");
  return [
    `.TH SOCKACT 1 "" "sockact ${version}" "User Commands"`,
    ".SH NAME",
    "sockact \\- socket activation for Node servers",
    ".SH SYNOPSIS",
    ".B sockact",
    ".I command",
    "[\\fIoptions\\fR]",
    ".br",
    ".B sockact help",
    "[\\fIcommand\\fR]",
    ".SH DESCRIPTION",
    roff(program.description()),
    ...terms(
      "Commands:",
      commands.map((command) => [command.name(), command.description()]),
    ),
    ".SH OPTIONS",
    ...terms(
      undefined,
      help.visibleOptions(program).map(({ flags, description }) => [flags, description]),
    ),
    ...helpText(addedHelp(program)),
    ".SH COMMANDS",
    ...commands.flatMap((command) => section(command)),
    ".SH ENVIRONMENT",
    ...terms(undefined, environment),
    ".SH SEE ALSO",
    ".BR systemctl (1),",
    ".BR journalctl (1),",
    ".BR systemd\\-analyze (1),",
    ".BR systemd.socket (5),",
    ".BR systemd.service (5),",
    ".BR systemd\\-socket\\-activate (1)",
    "",
  ].join("\n");
}

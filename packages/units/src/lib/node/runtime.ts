import { baseOf } from "../systemd/folders.ts";
import { isSpecifier, sampleText } from "../systemd/specifiers.ts";
import { behindEnv, isWithoutProgram, nodeCommand } from "./command-line.ts";
import { launcherOf } from "./launcher.ts";

/** Programs that compile while they run, which MemoryDenyWriteExecute= kills. */
const justInTime = /^(?:node|bun|deno|java|dotnet|mono|luajit)/;

/** The name of the program: behind env(1), of that which it starts. */
function programName(command: unknown): string {
  const [first, second]: unknown[] = Array.isArray(command) ? command : [];
  const program = typeof first === "string" && first.endsWith("/env") ? second : first;
  const path = isSpecifier(program) ? sampleText(program) : program;
  return typeof path === "string" ? baseOf(path) : "";
}

/** Whether a program's name is one of Node's, such as nodejs, node22 or node-22. */
export function isNodeName(name: string): boolean {
  return /^node(?:js)?(?:-?[\d.]+)?$/.test(name);
}

export function isNode(command: unknown): boolean {
  return isNodeName(programName(command));
}

/** Programs that are known to be something other than Node, and not to start it. */
const otherRuntime = /^(?:bunx?|deno|java|dotnet|mono|luajit|(?:python|ruby|perl|php)[\d.]*)$/;

export function isOtherRuntime(command: unknown): boolean {
  return otherRuntime.test(programName(command));
}

/** Whether the program of a description is Node: by its name, or since it has a preload, which Node alone loads. */
export function runsNode({ exec, preload }: { exec?: unknown; preload?: unknown }): boolean {
  return isNode(exec) || (preload !== undefined && preload !== false);
}

export function compilesAtRunTime(command: unknown): boolean {
  return justInTime.test(programName(command));
}

/** The words of a command line as far as they are known, with env(1) taken off. */
function knownWords(command: readonly unknown[]): readonly string[] {
  return behindEnv(
    command.map((word) => (typeof word === "string" || isSpecifier(word) ? sampleText(word) : "")),
  );
}

/** Whether it is a command of Node, and names nothing to run. */
export function runsNothing(command: readonly unknown[]): boolean {
  return isNode(command) && isWithoutProgram(knownWords(command));
}

/** The tool that a description's command runs, which runs the app as a child. */
export function launcherOfCommand(command: unknown): string | undefined {
  const words = Array.isArray(command) ? knownWords(command) : [""];
  return launcherOf(words, isNode(command) ? nodeCommand(words) : undefined);
}

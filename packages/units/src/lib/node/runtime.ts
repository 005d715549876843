import { baseOf } from "../systemd/folders.ts";
import { isSpecifier, sampleText } from "../systemd/specifiers.ts";
import { behindEnv, isWithoutProgram, nodeCommand } from "./command-line.ts";
import { launcherOf } from "./launcher.ts";

/** Programs with a just-in-time compiler. MemoryDenyWriteExecute= kills them. */
const justInTime = /^(?:node|bun|deno|java|dotnet|mono|luajit)/;

/** The name of the program, or of the program that env(1) starts. */
function programName(command: unknown): string {
  const [first, second]: unknown[] = Array.isArray(command) ? command : [];
  const program = typeof first === "string" && first.endsWith("/env") ? second : first;
  const path = isSpecifier(program) ? sampleText(program) : program;
  return typeof path === "string" ? baseOf(path) : "";
}

/** Whether this is a name of Node, such as nodejs, node22 or node-22. */
export function isNodeName(name: string): boolean {
  return /^node(?:js)?(?:-?[\d.]+)?$/.test(name);
}

export function isNode(command: unknown): boolean {
  return isNodeName(programName(command));
}

/** Programs that are certainly not Node and do not start it. */
const otherRuntime = /^(?:bunx?|deno|java|dotnet|mono|luajit|(?:python|ruby|perl|php)[\d.]*)$/;

export function isOtherRuntime(command: unknown): boolean {
  return otherRuntime.test(programName(command));
}

/**
 * Whether the program of a description is Node: by its name, or because the description has a preload, which
 * only Node loads.
 */
export function runsNode({ exec, preload }: { exec?: unknown; preload?: unknown }): boolean {
  return isNode(exec) || (preload !== undefined && preload !== false);
}

export function compilesAtRunTime(command: unknown): boolean {
  return justInTime.test(programName(command));
}

/** The known words of a command line, without env(1). */
function knownWords(command: readonly unknown[]): readonly string[] {
  return behindEnv(
    command.map((word) => (typeof word === "string" || isSpecifier(word) ? sampleText(word) : "")),
  );
}

/** Whether this is a Node command without a script or code. */
export function runsNothing(command: readonly unknown[]): boolean {
  return isNode(command) && isWithoutProgram(nodeCommand(knownWords(command)));
}

/** The tool in a description's command that runs the app as a child process. */
export function launcherOfCommand(command: unknown): string | undefined {
  const words = Array.isArray(command) ? knownWords(command) : [""];
  return launcherOf(words, isNode(command) ? nodeCommand(words) : undefined);
}

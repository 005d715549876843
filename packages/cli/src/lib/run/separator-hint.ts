import { commandsIn } from "../shared/own-command.ts";
import { isCommand } from "./find-command.ts";

/**
 * The hint if `--` may be missing, as in `--watch node server.js`: node is then the path to watch, and
 * server.js the command.
 *
 * @param args all arguments of the command line, with the command last
 */
export function separatorHint(
  args: readonly string[],
  command: readonly string[],
  watched: readonly string[] | undefined,
): string | undefined {
  const end = args.length - command.length - 1;
  const word = args[end];
  if (word === undefined || word !== watched?.at(-1) || !isCommand(word)) return undefined;
  const corrected = [...args.slice(0, end), "--", ...args.slice(end)].join(" ");
  return `Write -- before the command, so that ${word} is not taken for the path to watch: ${commandsIn(`sockact ${corrected}`)}`;
}

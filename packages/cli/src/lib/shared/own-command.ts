import { dirname } from "node:path";
import process from "node:process";
import { shellText, shellWord } from "./shell-words.ts";

/** The folders in which sudo searches for programs, on most distributions. */
const secureFolders = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/snap/bin",
];

/** The commands that change a service of the system, or see all of it, only as root. */
export const privileged: ReadonlySet<string> = new Set([
  "doctor",
  "drain",
  "install",
  "prove",
  "reload",
  "restart",
  "uninstall",
  "undrain",
]);

/** The program in a command, as it was called: `sockact`, or `npx sockact` when the shell does not find it. */
function program(): string {
  const { npm_command = "", npm_lifecycle_event = "" } = process.env;
  const isInFolder = process.argv[1]?.includes("/node_modules/.bin/") === true;
  return npm_command !== "" || npm_lifecycle_event !== "" || isInFolder ? "npx sockact" : "sockact";
}

/** A root shell needs no sudo. */
export const isRootShell = (): boolean => process.getuid?.() === 0 && process.env["SUDO_UID"] === undefined;

/** sudo has a separate PATH, in which it does not find a Node of nvm or its npx. */
function rootProgram(): string {
  const { PATH = "" } = process.env;
  if (isRootShell()) return program();
  const isFound = secureFolders.includes(dirname(process.execPath)) && PATH !== "";
  return isFound ? `sudo ${program()}` : `sudo env "PATH=$PATH" ${program()}`;
}

function prefixed(command: string, isUser: boolean): string {
  return `${privileged.has(command) && !isUser ? rootProgram() : program()} ${command}`;
}

/** An ellipsis stands for words of the reader. */
const quoted = (word: string): string => (word === "…" ? word : shellWord(word));

/**
 * A command of this program, as a person can run it here: `sudo npx sockact restart shop`. Every command of ours
 * that a message names comes from this file, so that it works as printed.
 */
export function ownCommand(command: string, ...words: readonly string[]): string {
  const isUnprivileged = words.includes("--user") || words.includes("--help");
  return [prefixed(command, isUnprivileged), ...words.map(quoted)].join(" ");
}

/** Prints the help, of the program or of a command. */
export const helpCommand = (command?: string): string =>
  command === undefined ? `${program()} --help` : ownCommand(command, "--help");

/** The option that makes a command speak to the user's own service manager. */
export const userOption = (isUser: boolean): string[] => (isUser ? ["--user"] : []);

/** A command about a service: `sudo sockact restart shop`, or `sockact logs shop --user`. */
export const serviceCommand = (command: string, name: string, isUser: boolean): string =>
  ownCommand(command, name, ...userOption(isUser));

/** The command that runs now, with other arguments: `npx sockact units server.js`. */
export function calledCommand(...words: readonly string[]): string {
  const [, , command = "", ...given] = process.argv;
  return ownCommand(
    /^[a-z]+$/.test(command) ? command : "install",
    ...words,
    ...userOption(given.includes("--user")),
  );
}

/** The command that runs now as a whole, to be run again with the rights that it needs. */
export function sameCommand(isUser = process.argv.includes("--user")): string {
  return `${isUser ? program() : rootProgram()} ${shellText(process.argv.slice(2))}`;
}

/** A text with commands such as `sudo sockact restart shop`, in which each is one that a person can run here. */
export const commandsIn = (text: string): string =>
  text.replaceAll(
    /(?:\bsudo )?(?:\bnpx )?\bsockact ([a-z]+)([^|;&\n]*)/g,
    (_, command: string, rest: string) => `${prefixed(command, / --(?:user|help)\b/.test(rest))}${rest}`,
  );

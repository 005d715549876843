import { dirname } from "node:path";
import process from "node:process";
import { shellWord } from "./shell-words.ts";

/** Where sudo looks for programs, by default on most distributions. */
const secureFolders = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/snap/bin",
];

/** How this program was called, to be called again: `npx sockact` or `sockact`. */
export function ownCommand(): string {
  const { npm_command, npm_lifecycle_event } = process.env;
  return npm_command === "exec" || npm_lifecycle_event === "npx" ? "npx sockact" : "sockact";
}

/** The command that was called, without its arguments: `npx sockact install`. */
export function calledCommand(): string {
  const [, , command = ""] = process.argv;
  const program = process.env["SUDO_UID"] === undefined ? ownCommand() : sudoCommand();
  return `${program} ${/^[a-z]+$/.test(command) ? command : "install"}`;
}

/** The command that installs services, with the rights that it needs. */
export const installCommand = (isUser: boolean): string =>
  isUser ? `${ownCommand()} install --user` : `${sudoCommand()} install`;

/** The command line for another command about a service, for messages: `sockact logs shop --user`. */
export function serviceCommand(command: string, name: string, isUser: boolean): string {
  return `${ownCommand()} ${command} ${shellWord(name)}${isUser ? " --user" : ""}`;
}

/**
 * The command to call this program as root. sudo has a separate PATH, in which it does not find a Node of nvm
 * or its npx.
 */
export function sudoCommand(): string {
  const { PATH = "" } = process.env;
  const isFound = secureFolders.includes(dirname(process.execPath)) && PATH !== "";
  return isFound ? `sudo ${ownCommand()}` : `sudo env "PATH=$PATH" ${ownCommand()}`;
}

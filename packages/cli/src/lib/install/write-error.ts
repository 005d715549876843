import { ownCommand } from "../shared/own-command.ts";
import { dirname } from "node:path";
import { CliError, EXIT } from "../shared/cli-error.ts";

/** The error for a file that can't be written, with a hint. */
export function writeError(path: string, cause: unknown): unknown {
  if (cause instanceof CliError) return cause;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const folder = dirname(path);
  const [why, hint] = reasons(folder)[code] ?? [message, "Look at the folder, and run the command again."];
  return new CliError("SOCKACT_ERR_INSTALL_WRITE", `can't write ${path}: ${why} (${code})`, hint, {
    exitCode: EXIT.failed,
    cause,
  });
}

function reasons(folder: string): Record<string, [why: string, hint: string]> {
  const permission: [string, string] = [
    "you have no permission",
    "Run it as root, or with --user for your own service manager. On a file that is immutable, lsattr shows an i.",
  ];
  return {
    ENOSPC: ["the disk is full", `Free some space: df -h ${folder}; df -i ${folder}`],
    EDQUOT: ["your disk quota is used up", "Free some space, or ask for more: quota -s"],
    EROFS: [
      "the file system is read-only",
      `Make it writable (findmnt --target ${folder}), or write the units where your system builds its /etc: on NixOS in its configuration. ${ownCommand("units", "--out", "FOLDER")} writes them.`,
    ],
    EACCES: permission,
    EPERM: permission,
    ENOENT: ["it does not exist, or /proc is not mounted", "Mount /proc, and run the command again."],
  };
}

import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { distrustOf } from "./trusted-path.ts";
import { CliError, EXIT } from "./cli-error.ts";
import type { Invoker } from "./invoker.ts";
import { readTextFile } from "./read-file.ts";

/** The state of a file before it was written. */
export type FileState = "new" | "changed" | "same";

/**
 * Whether a file exists, and has this content. Throws for anything but a regular file, such as a symbolic
 * link.
 */
export function fileState(path: string, text: string): FileState {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "new";
  if (!stats.isFile())
    throw new CliError(
      "SOCKACT_ERR_WRITE",
      `${path} is ${stats.isSymbolicLink() ? "a symbolic link" : "not a regular file"}`,
      "Remove it, or write somewhere else.",
      { exitCode: EXIT.failed },
    );
  return contentOf(path) === text ? "same" : "changed";
}

/**
 * The content of a file. Undefined if it can't be read: it is no longer a regular file, or is longer than
 * files that are written here.
 */
function contentOf(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch {
    return undefined;
  }
}

/** Root must not write to a folder that another user could replace by a link. */
async function assertFolderNotReplaceable(path: string, invoker: Invoker): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const distrust = await distrustOf(dirname(path), invoker);
  if (distrust === undefined) return;
  throw new CliError(
    "SOCKACT_ERR_WRITE",
    `root does not write ${path}, since another user can put a link to another folder there: ${distrust.path}: ${distrust.why}`,
    "Run it without sudo, as the user who owns the folder. Or write into a folder of root.",
    { exitCode: EXIT.failed },
  );
}

/**
 * Writes a file atomically. Under sudo, in a folder of the user who called sudo, the file belongs to that
 * user. Elsewhere it belongs to root: a user who may change a unit in /etc could become root.
 */
export async function writeWhole(path: string, text: string, invoker: Invoker): Promise<void> {
  await assertFolderNotReplaceable(path, invoker);
  const temporary = join(dirname(path), `.sockact-${randomBytes(6).toString("hex")}`);
  try {
    const file = openSync(temporary, "wx", 0o644);
    try {
      if (invoker.isSudo && statSync(dirname(path)).uid === invoker.uid)
        fchownSync(file, invoker.uid, invoker.gid);
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new CliError(
      "SOCKACT_ERR_WRITE",
      `can't write ${path}: ${(cause as Error).message}`,
      "Check that the folder exists, that you may write there, and that the disk is not full.",
      { exitCode: EXIT.failed, cause },
    );
  }
}

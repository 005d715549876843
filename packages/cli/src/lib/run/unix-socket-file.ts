import { existsSync, lstatSync, unlinkSync, type Stats } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Target } from "./address.ts";
import type { Guard } from "./guard.ts";

/**
 * Removes a unix socket file that an earlier process left behind. Throws if a process listens on it, or if it
 * is another kind of file.
 */
async function clearPath(path: string): Promise<void> {
  if (!existsSync(dirname(path)))
    throw failed(path, `the folder ${dirname(path)} does not exist`, `Create it: mkdir -p ${dirname(path)}`);
  const found = fileAt(path);
  if (found === undefined) return;
  if (!found.isSocket())
    throw failed(path, "there is a file that is not a socket", "Remove it, or use another path.");
  const probe = connect(path);
  const code = await new Promise<string | undefined>((resolve) => {
    probe.on("connect", () => resolve(undefined));
    probe.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  probe.destroy();
  if (code !== "ECONNREFUSED")
    throw failed(
      path,
      code === undefined
        ? "another process listens on it"
        : `connecting to it failed with ${code}, so another process may listen on it`,
      `lsof ${path} shows the process. Stop it, or use another path.`,
    );
  unlinkSync(path);
}

/**
 * Frees the path of a unix socket, and has its file removed if this process is killed. Does nothing for other
 * addresses.
 */
export async function prepareFile(target: Target, guard: Guard): Promise<void> {
  const path = fileOf(target);
  if (path === undefined) return;
  await clearPath(path);
  guard.file(path);
}

/** Removes the file of a bound socket at the end, unless it was replaced. */
export function removeFileAtEnd(target: Target, guard: Guard): void {
  const path = fileOf(target);
  const inode = path === undefined ? undefined : inodeAt(path);
  if (path === undefined || inode === undefined) return;
  guard.file(path, inode);
  process.on("exit", () => {
    if (inodeAt(path) === inode) unlinkSync(path);
  });
}

function fileOf(target: Target): string | undefined {
  return "path" in target && !target.path.startsWith("\0") ? target.path : undefined;
}

function inodeAt(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function fileAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw failed(path, (error as Error).message, "You may not read this folder. Use another path.");
  }
}

function failed(path: string, why: string, hint: string): CliError {
  return new CliError("SOCKACT_ERR_RUN_LISTEN", `can't listen on ${path}: ${why}`, hint, {
    exitCode: EXIT.failed,
  });
}

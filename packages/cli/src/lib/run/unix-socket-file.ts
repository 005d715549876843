import { existsSync, lstatSync, unlinkSync, type Stats } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { CliError, EXIT } from "../shared/cli-error.ts";

/** Removes what an earlier process has left at the path of a unix socket. A socket that somebody listens on, and any other file, is an error. */
export async function clearPath(path: string): Promise<void> {
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

function fileAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw failed(path, (error as Error).message, "You may not read this folder. Use another path.");
  }
}

/** Removes the file of a socket at the end, unless it is another one by now. */
export function socketFileRemover(path: string): () => void {
  const inode = lstatSync(path).ino;
  return () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) unlinkSync(path);
  };
}

function failed(path: string, why: string, hint: string): CliError {
  return new CliError("ERR_RUN_LISTEN", `can't listen on ${path}: ${why}`, hint, { exitCode: EXIT.failed });
}

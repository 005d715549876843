import { randomBytes } from "node:crypto";
import { constants, realpathSync } from "node:fs";
import { lstat, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { inFolder } from "../install/install.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";

function refusal(path: string, why: string, cause?: unknown, hint = "The file is unchanged."): CliError {
  return new CliError("SOCKACT_ERR_LINT_WRITE", `can't change ${path}: ${why}`, hint, {
    exitCode: EXIT.failed,
    cause,
  });
}

/** Root must not write to a folder that another user could replace by a link. */
function assertFolderNotReplaceable(path: string): void {
  if (process.getuid?.() !== 0) return;
  try {
    inFolder(realpathSync(dirname(path)), () => {});
  } catch (error) {
    const { message, hint } = error as CliError;
    throw refusal(path, message, error, hint);
  }
}

/**
 * Replaces the content of a file atomically. Keeps mode and owner.
 *
 * @throws `CliError` with `SOCKACT_ERR_LINT_WRITE` if the file is a link, has changed since it was read,
 *   can't be written, or, for root, is in a folder that another user may change
 */
export async function replaceFile(path: string, before: string, after: string): Promise<void> {
  assertFolderNotReplaceable(path);
  const beside = join(dirname(path), `.sockact-${randomBytes(6).toString("hex")}`);
  try {
    const { mode, uid, gid } = await lstat(path);
    // O_NOFOLLOW rejects a link that was created meanwhile.
    const old = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if ((await old.readFile("utf8")) !== before)
        throw refusal(path, "another program has changed it meanwhile");
    } finally {
      await old.close();
    }
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(after);
      const created = await file.stat();
      if (created.uid !== uid || created.gid !== gid) await file.chown(uid, gid);
      await file.chmod(mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    if (error instanceof CliError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ELOOP")
      throw refusal(path, "it is a symbolic link; name the file that it points to", error);
    throw refusal(path, code === "EPERM" ? "its owner would change" : (code ?? message), error);
  }
}

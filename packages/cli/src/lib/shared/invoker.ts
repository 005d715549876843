import { userInfo } from "node:os";
import process from "node:process";
import { CliError, EXIT } from "./cli-error.ts";
import { execute } from "./execute.ts";

/** The user who called `sockact`, or who called sudo. */
export interface Invoker {
  uid: number;
  gid: number;
  /** All groups, including the user's own. */
  groups: number[];
  name: string;
  home: string;
  isSudo: boolean;
}

/**
 * The user who called `sockact`. Under sudo, or run0, which sets the same variable, it is the user of
 * `SUDO_UID`. Throws a `CliError` with `SOCKACT_ERR_INVOKER` if the user database has no such user: nothing
 * may then run as that user, or as root instead.
 */
export async function invoker(): Promise<Invoker> {
  const uid = process.getuid?.();
  const sudoUid = uid === 0 ? process.env["SUDO_UID"] : undefined;
  if (sudoUid === undefined || sudoUid === "0") {
    const { username, homedir, gid } = ownUser();
    return {
      uid: uid ?? -1,
      gid,
      groups: process.getgroups?.() ?? [],
      name: username,
      home: homedir,
      isSudo: false,
    };
  }
  if (!/^\d{1,10}$/.test(sudoUid)) throw unknown(sudoUid);
  const [name = "", , id, gid, , home = "/"] = (await lines("getent", "passwd", sudoUid)).split(":");
  if (name === "" || id !== sudoUid) throw unknown(sudoUid);
  const groups = (await lines("id", "-G", "--", name)).split(" ").map(Number);
  return { uid: Number(id), gid: Number(gid), groups, name, home, isSudo: true };
}

/** In a container, a user may have no name. */
function ownUser(): { username: string; homedir: string; gid: number } {
  try {
    return userInfo();
  } catch {
    const uid = String(process.getuid?.() ?? "");
    return { username: uid, homedir: process.env["HOME"] ?? "/", gid: process.getgid?.() ?? -1 };
  }
}

async function lines(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await execute(program, args);
    return stdout.trim();
  } catch (cause) {
    throw new CliError(
      "SOCKACT_ERR_INVOKER",
      `can't look up the user who has called sudo: ${(cause as Error).message}`,
      "Run sockact without sudo, or from a root shell.",
      { exitCode: EXIT.failed, cause },
    );
  }
}

function unknown(uid: string): CliError {
  return new CliError(
    "SOCKACT_ERR_INVOKER",
    `SUDO_UID is ${JSON.stringify(uid)}, and no user has this number`,
    "Run sudo as an existing user, or unset SUDO_UID in a root shell.",
    { exitCode: EXIT.failed },
  );
}

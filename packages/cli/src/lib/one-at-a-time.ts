import { spawn } from "node:child_process";
import { once } from "node:events";
import { RollingError } from "./rolling-error.ts";

/** The exit status by which flock(1) shall say that the lock is held. */
const held = 75;

/**
 * Takes a lock that ends with this process, however that dies; resolves to what gives it back.
 *
 * Node has no flock(2): flock(1) holds it, as long as the pipe to the `cat` in it is open.
 */
export async function oneAtATime(
  path: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
): Promise<() => Promise<void>> {
  const at = await lock(path, ["--nonblock", "--conflict-exit-code", String(held)], signal);
  if (at !== undefined) return at;
  onWait();
  return (await lock(path, [], signal)) ?? (() => Promise.resolve());
}

async function lock(
  path: string,
  options: string[],
  signal: AbortSignal | undefined,
): Promise<(() => Promise<void>) | undefined> {
  // Who may read the file may lock it, and so keep others waiting.
  const command = [...options, path, "sh", "-c", "echo locked; exec cat"];
  const child = spawn("sh", ["-c", 'umask 077; exec flock "$@"', "sh", ...command], { stdio: "pipe" });
  const abort = () => child.kill();
  signal?.addEventListener("abort", abort);
  let complaint = "";
  child.stderr.on("data", (chunk) => (complaint += chunk));
  child.stdin.on("error", () => {});
  try {
    const closed = once(child, "close");
    closed.catch(() => {});
    signal?.throwIfAborted();
    await Promise.race([once(child.stdout, "data"), closed]);
    signal?.throwIfAborted();
    if (child.exitCode === held) return undefined;
    if (child.exitCode !== null) throw new Error(complaint.trim());
    return async () => {
      child.stdin.end();
      await closed;
    };
  } catch (error) {
    child.kill();
    child.stdin.end();
    signal?.throwIfAborted();
    throw new RollingError(
      "ERR_ROLL_LOCK",
      `${path} cannot be locked: ${(error as Error).message}`,
      "run it as root, where flock(1) of util-linux is; or with user: true for a unit of the user's own manager",
      { cause: error },
    );
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { RollingError } from "./rolling-error.ts";

/** The exit status that flock(1) is asked to use when the lock is held. */
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
  // Whoever may read the file may lock it, and so keep others waiting: that is root alone, unless root opens the file to another user.
  // A lock that every user can take would let every user, and a compromised app, hold up a deployment.
  const command = [...options, path, "sh", "-c", "echo locked; exec cat"];
  const child = spawn("sh", ["-c", 'umask 077; exec flock "$@"', "sh", ...command], { stdio: "pipe" });
  const abort = () => child.kill("SIGKILL");
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
    if (child.signalCode !== null) throw new Error(`flock was killed by ${child.signalCode}`);
    if (child.exitCode !== null) throw new Error(complaint.trim());
    return async () => {
      child.stdin.end();
      await closed;
    };
  } catch (error) {
    child.kill("SIGKILL");
    child.stdin.end();
    signal?.throwIfAborted();
    const why = (error as Error).message;
    throw new RollingError("ERR_ROLL_LOCK", `${path} cannot be locked: ${why}`, remedy(path, why), {
      cause: error,
    });
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function remedy(path: string, why: string): string {
  if (/killed/.test(why)) return "call rollingRestart again";
  if (dirname(path) !== "/run") {
    return "XDG_RUNTIME_DIR must be your own runtime folder, such as /run/user/1000, and flock(1) of util-linux must be installed";
  }
  if (!/denied/i.test(why)) return "run it as root, and install flock(1) of util-linux";
  // tmpfiles.d(5) reads escapes in a path.
  const line = `f ${path.replaceAll("\\", "\\\\")} 0600 ${process.getuid?.()}`;
  const file = "/etc/tmpfiles.d/sockact.conf";
  return `run it as root. If polkit allows you to manage the units, let root add the line "${line}" to ${file} and run systemd-tmpfiles --create ${file}`;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { systemEnvironment } from "./system-path.ts";

/** The exit status that flock(1) is asked to use when the lock is held. */
const LOCK_HELD = 75;

/** The lock can't be taken. */
export class LockError extends Error {
  override readonly name = "LockError";
  /**
   * Whether the user may not open the file, or a signal has ended flock(1). Undefined for any other reason.
   */
  readonly reason: "denied" | "killed" | undefined;

  constructor(path: string, what: string, reason: LockError["reason"], cause?: unknown) {
    super(`${path} cannot be locked: ${what}`, { cause });
    this.reason = reason;
  }
}

/** A lock that this process holds. */
export interface Lock {
  /** Aborted when the lock has ended before it was released. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes a lock on a file or a folder. It ends with this process, however that dies. Rejects with a
 * {@link LockError}, or with the reason of the signal.
 *
 * Node has no flock(2): flock(1) holds it, as long as the pipe to the `cat` in it is open.
 */
export async function acquireLock(
  path: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
): Promise<Lock> {
  let lock = await tryLock(path, "--nonblock", signal);
  if (lock === undefined) onWait();
  // A flock that waits does not notice that its parent has ended, so it waits for a second at a time.
  while (lock === undefined) lock = await tryLock(path, "--timeout=1", signal);
  return lock;
}

/** Resolves to undefined if another process holds the lock. */
async function tryLock(
  path: string,
  wait: string,
  signal: AbortSignal | undefined,
): Promise<Lock | undefined> {
  // A user who may read the file may lock it, and so make others wait. Only root may, unless root opens the
  // file to another user. A lock that every user can take would let every user, and a compromised app, hold
  // up a deployment.
  const options = [wait, `--conflict-exit-code=${LOCK_HELD}`];
  // Ctrl-C in a terminal, and the stop of a unit, signal these processes too. They must hold the lock until
  // the turn has ended.
  const script = `umask 077; trap "" HUP INT TERM; exec flock "$@"`;
  const command = ["-c", script, "sh", ...options, path, "sh", "-c", "echo locked; exec cat"];
  const child = spawn("sh", command, { stdio: "pipe", env: systemEnvironment() });
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
    if (child.exitCode === LOCK_HELD) return undefined;
    if (child.signalCode !== null)
      throw new LockError(path, `flock was killed by ${child.signalCode}`, "killed");
    // flock(1) of util-linux 2.41 prints the message of the errno.
    if (child.exitCode !== null)
      throw new LockError(path, complaint.trim(), /denied/i.test(complaint) ? "denied" : undefined);
    const lost = new AbortController();
    const onClose = () => lost.abort();
    child.once("close", onClose);
    return {
      lost: lost.signal,
      async release() {
        child.off("close", onClose);
        child.stdin.end();
        await closed;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    child.stdin.end();
    signal?.throwIfAborted();
    throw error instanceof LockError
      ? error
      : new LockError(path, (error as Error).message, undefined, error);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { systemEnvironment } from "./system-path.ts";

/** The exit status for flock(1) if the lock is held. */
const LOCK_HELD = 75;

/** The lock can't be acquired. */
export class LockError extends Error {
  override readonly name = "LockError";
  /** Whether the user may not open the file, or a signal ended flock(1). Undefined for any other reason. */
  readonly reason: "denied" | "killed" | undefined;

  constructor(path: string, what: string, reason: LockError["reason"], cause?: unknown) {
    super(`${path} cannot be locked: ${what}`, { cause });
    this.reason = reason;
  }
}

/** A lock of this process. */
export interface Lock {
  /** Aborted if the lock ends before its release. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Acquires a lock on a file or folder. The lock ends with this process, however that ends. Rejects with a
 * {@link LockError}, or with the reason of the signal.
 *
 * Node has no flock(2). flock(1) holds the lock as long as the pipe to its `cat` is open.
 */
export async function acquireLock(
  path: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
): Promise<Lock> {
  let lock = await tryLock(path, "--nonblock", signal);
  if (lock === undefined) onWait();
  // A waiting flock does not notice that its parent has ended, so it waits for a second at a time.
  while (lock === undefined) lock = await tryLock(path, "--timeout=1", signal);
  return lock;
}

/** Resolves to undefined if another process has the lock. */
async function tryLock(
  path: string,
  wait: string,
  signal: AbortSignal | undefined,
): Promise<Lock | undefined> {
  // A user who may read the file may lock it, and block others. So only root may, unless root opens the file
  // to another user. If every user could lock it, so could a compromised app, and block a deployment.
  const options = [wait, `--conflict-exit-code=${LOCK_HELD}`];
  // Ctrl-C in a terminal, and the stop of a unit, also signal these processes. They must keep the lock until
  // the steps have ended.
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

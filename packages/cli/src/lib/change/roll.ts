import { dirname } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { acquireLock, LockError } from "../shared/lock.ts";
import { libraryVoice, RollingError, type Voice } from "./roll-error.ts";
import type { RollingEvent, RollingOptions, RollingResult } from "./roll-options.ts";
import { Turn } from "./turn.ts";

/**
 * Restarts a service without interruption for clients: starts the stopped instance, blue or green, and stops
 * the other one when the new one is ready.
 *
 * `emitUnits` of `@sockact/units` with `rolling: true` writes the units. Both instances accept from the same
 * sockets, and the old one finishes its open requests. If both instances run, as after an interrupted call,
 * the older one is stopped and then started again.
 *
 * Resolves to `{ outcome: "turned" }` when the old instance has stopped, to `{ outcome: "asleep" }` if
 * neither instance ran, and to `{ outcome: "stopped" }` if their sockets did not listen either.
 *
 * Rejects with a `RollingError`:
 *
 * - `SOCKACT_ERR_ROLL_START`: the new instance did not become ready. It was stopped again, and the old one
 *   keeps serving.
 * - `SOCKACT_ERR_ROLL_SOCKET`: neither instance runs and a socket has failed, or the new instance cannot
 *   start without a socket. The hint has the commands that start the socket again.
 * - `SOCKACT_ERR_ROLL_LOCK`: the lock could not be taken, or was lost during the restart. After a loss both
 *   instances may run, and the message has their states.
 * - docs/codes/errors.md has the other codes.
 *
 * An instance that serves is stopped only if the other one serves at that moment, or became ready in this
 * call and then went to sleep. In the second case, the next connection starts the new version.
 *
 * Calls for the same service are serialized by a lock on the file `/run/sockact-<name>.lock`, which belongs
 * to root. If polkit allows another user to manage the units, root can let that user lock the file: the hint
 * of `SOCKACT_ERR_ROLL_LOCK` has the line for tmpfiles.d(5).
 *
 * @param name - the service's name without `@` and suffix: `shop` for `shop@.service`
 */
export async function rollingRestart(name: string, options: RollingOptions = {}): Promise<RollingResult> {
  return restartInstances(name, options, libraryVoice);
}

/** Implements {@link rollingRestart}, with hints for another caller. */
export async function restartInstances(
  name: string,
  options: RollingOptions,
  voice: Voice,
): Promise<RollingResult> {
  const { user = false, signal, onEvent } = options;
  const waitForDrain = options.waitForDrain ?? true;
  if (typeof name !== "string" || !/^[\w:.\\][\w:.\\-]*$/.test(name) || /\.(?:service|socket)$/.test(name)) {
    const hint = "Give the template's name without @ and suffix: 'shop' for shop@.service.";
    throw new RollingError(
      "SOCKACT_ERR_ROLL_NAME",
      `${JSON.stringify(name)} is not the name of a service`,
      hint,
    );
  }
  signal?.throwIfAborted();
  const folder = user ? (process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.()}`) : "/run";
  const failures: unknown[] = [];
  const emit = (event: RollingEvent) => {
    (async () => onEvent?.(event))().catch((error: unknown) => failures.push(error));
  };
  const path = `${folder}/sockact-${name}.lock`;
  const lock = await acquireLock(path, signal, () => emit({ type: "waiting" })).catch((error: unknown) => {
    if (!(error instanceof LockError)) throw error;
    throw new RollingError("SOCKACT_ERR_ROLL_LOCK", error.message, hintFor(path, error, voice), {
      cause: error,
    });
  });
  let result: RollingResult;
  try {
    result = await new Turn(name, { user, waitForDrain, signal, lost: lock.lost, voice, emit }).run();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await lock.release();
  }
  // A callback that fails at once has failed by now.
  await immediate();
  if (failures.length > 0) throw failures[0];
  return result;
}

function hintFor(path: string, { reason }: LockError, { again }: Voice): string {
  if (reason === "killed") return `${again}.`;
  if (dirname(path) !== "/run") {
    return "XDG_RUNTIME_DIR must be your own runtime folder, such as /run/user/1000, and flock(1) of util-linux must be installed.";
  }
  if (reason !== "denied") return "Run it as root, and install flock(1) of util-linux.";
  // tmpfiles.d(5) has escapes in paths.
  const line = `f ${path.replaceAll("\\", "\\\\")} 0600 ${process.getuid?.()}`;
  const file = "/etc/tmpfiles.d/sockact.conf";
  return `Run it as root. If polkit allows you to manage the units, let root add the line "${line}" to ${file} and run systemd-tmpfiles --create ${file}`;
}

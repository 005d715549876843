import { dirname } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { acquireLock, LockError } from "../shared/lock.ts";
import { RollingError } from "./rolling-error.ts";
import type { RollingEvent, RollingOptions, RollingResult } from "./rolling-options.ts";
import { Turn } from "./turn.ts";

/**
 * Restarts a service with no wait: starts the instance that does not run, blue or green, and stops the other one once the new one is ready.
 *
 * The units are those that `emitUnits` of `@sockact/units` writes for `rolling: true`. Clients notice nothing: both instances accept from
 * the same sockets, and the old one finishes what it has begun. Where both are up, which an interrupted call leaves behind, the older one
 * is stopped and then started anew.
 *
 * Resolves to `{ outcome: "turned" }` once the old instance has stopped; to `{ outcome: "asleep" }` if none was up, or `"stopped"` if
 * their sockets were not either. Calls for the same service take turns.
 *
 * Rejects with a `RollingError`. With `ERR_ROLL_START` the new instance did not get ready: it was stopped again, and the old one serves as
 * before. With `ERR_ROLL_SOCKET` neither instance is up and a socket has failed, or the new instance cannot start without a socket; the
 * hint has the commands that bring the socket back. The instance that serves is never stopped unless the other one serves at that moment,
 * or has been ready in this turn and then gone to sleep: the next connection starts the new version. With `ERR_ROLL_LOCK` the lock could
 * not be taken, or was lost during the turn; after a loss both instances may be up, and the message says what state they are in.
 *
 * Calls take turns by a lock on `/run/sockact-<name>.lock`, which is root's. Where polkit allows another user to manage the units, root
 * lets that user lock the file: the hint of `ERR_ROLL_LOCK` has the line for tmpfiles.d(5).
 *
 * @param name - the service's name without `@` and suffix: `shop` for `shop@.service`
 */
export async function rollingRestart(name: string, options: RollingOptions = {}): Promise<RollingResult> {
  const { user = false, signal, onEvent } = options;
  const waitForDrain = options.waitForDrain ?? true;
  if (typeof name !== "string" || !/^[\w:.\\][\w:.\\-]*$/.test(name) || /\.(?:service|socket)$/.test(name)) {
    const hint = "the template's name without @ and suffix: 'shop' for shop@.service";
    throw new RollingError("ERR_ROLL_NAME", `${JSON.stringify(name)} is not the name of a service`, hint);
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
    throw new RollingError("ERR_ROLL_LOCK", error.message, hintFor(path, error.message), { cause: error });
  });
  let result: RollingResult;
  try {
    result = await new Turn(name, { user, waitForDrain, signal, lost: lock.lost, emit }).run();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await lock.release();
  }
  // By then the callback of the last event has failed, if it does so at once.
  await immediate();
  if (failures.length > 0) throw failures[0];
  return result;
}

function hintFor(path: string, why: string): string {
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

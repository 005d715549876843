import { FAILED_START_STATUS } from "@sockact/shared/unavailable";
import { runsNode } from "../../node/runtime.ts";

/**
 * Whether an app may exit and expect the next connection to start it, although systemd would restart it at
 * once. A Node program may set `idleTimeout` in its code, and so may a program in a container. Only a service
 * with passed sockets sleeps.
 */
export function mayFallAsleep(description: Record<string, unknown>): boolean {
  const { bind = "socket", container, idleTimeout, restart = "always" } = description;
  const mayHaveTimeout =
    idleTimeout !== false && (idleTimeout !== undefined || container !== undefined || runsNode(description));
  return bind === "socket" && mayHaveTimeout && (restart === "always" || restart === "on-success");
}

/**
 * Whether systemd does not restart the service after an exit that is probably a failure, because of `restart`
 * or `restartPreventExitStatus`. A waiting connection would then endlessly start the service again. With
 * on-failure, only exit status 0 is not followed by a restart, and programs other than Node use it for sleep.
 */
export function maySpin(description: Record<string, unknown>): boolean {
  const { bind = "socket" } = description;
  return bind === "socket" && !isRestartedAfterEachFailure(description);
}

/** Whether a restart follows each exit that is probably a failure. */
export function isRestartedAfterEachFailure({
  hosts,
  restart = "always",
  restartPreventExitStatus = [],
}: Record<string, unknown>): boolean {
  // An app that ends with the last one has answered the connections that waited.
  const harmless = [0, 42, ...(hosts === undefined ? [] : [FAILED_START_STATUS])];
  const isFinal = [restartPreventExitStatus].flat().some((status) => !harmless.includes(status as number));
  return !isFinal && (restart === "always" || restart === "on-failure");
}

import { runsNode } from "../../node/runtime.ts";

/**
 * Whether an app may exit so that the next connection starts it, while systemd would restart it at once. A
 * Node program may have `idleTimeout` in its code, and so may a program in a container. Only a service with
 * passed sockets sleeps.
 */
export function mayFallAsleep(description: Record<string, unknown>): boolean {
  const { bind = "socket", container, idleTimeout, restart = "always" } = description;
  const mayHaveTimeout =
    idleTimeout !== false && (idleTimeout !== undefined || container !== undefined || runsNode(description));
  return bind === "socket" && mayHaveTimeout && (restart === "always" || restart === "on-success");
}

/**
 * Whether `restart` or `restartPreventExitStatus` leaves an exit that is probably a failure to the socket. A
 * connection that still waits would then start the service again at once, without end. With on-failure only a
 * success is left to the socket, and with a success a program other than Node goes to sleep.
 */
export function maySpin(description: Record<string, unknown>): boolean {
  const { bind = "socket" } = description;
  return bind === "socket" && !isRestartedAfterEachFailure(description);
}

/** Whether a restart follows each exit that is probably a failure. */
export function isRestartedAfterEachFailure({
  restart = "always",
  restartPreventExitStatus = [],
}: Record<string, unknown>): boolean {
  const isFinal = [restartPreventExitStatus].flat().some((status) => status !== 0 && status !== 42);
  return !isFinal && (restart === "always" || restart === "on-failure");
}

import { runsNode } from "../../node/runtime.ts";

/**
 * Whether an app may end by itself to be started by the next connection, and systemd would start it again at once. A program of Node may
 * have `idleTimeout` in its code, and so may whatever a container runs. Only a service that is passed its sockets sleeps.
 */
export function mayFallAsleep(description: Record<string, unknown>): boolean {
  const { bind = "socket", container, idleTimeout, restart = "always" } = description;
  const mayHaveTimeout = idleTimeout !== undefined || container !== undefined || runsNode(description);
  return bind === "socket" && mayHaveTimeout && (restart === "always" || restart === "on-success");
}

/**
 * Whether an exit that `restart` leaves to the socket is likely a fault: a connection that still waits would then start the service again
 * at once, without end. With on-failure only a success does, which is how a program that is not Node goes to sleep.
 */
export function maySpin({ restart = "always", bind = "socket" }: Record<string, unknown>): boolean {
  return bind === "socket" && restart !== "always" && restart !== "on-failure";
}

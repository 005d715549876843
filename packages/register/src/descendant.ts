import type { Server } from "node:net";
import { warnIfPassedElsewhere } from "@sockact/shared/preload";
import { warnOfNothingPassed } from "./messages.ts";
import { targetOf } from "./target.ts";

/**
 * For a child process of `npm start` or a shell. Warns that the sockets were passed to the parent, when an
 * HTTP server listens.
 */
export function warnDescendant(server: Server, args: readonly unknown[]): undefined {
  if (isAppServer(server, args)) warnIfPassedElsewhere();
}

/**
 * For a process that the service manager has started without a socket. Warns that SOCKACT_MAP has no effect,
 * when an HTTP server listens.
 */
export function warnUnactivated(server: Server, args: readonly unknown[]): undefined {
  if (isAppServer(server, args)) warnOfNothingPassed();
}

function isAppServer(server: Server, args: readonly unknown[]): boolean {
  return (targetOf(args)?.port ?? 0) !== 0 && server.listenerCount("request") > 0;
}

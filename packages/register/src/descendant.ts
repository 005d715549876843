import type { Server } from "node:net";
import { warnIfPassedElsewhere } from "@sockact/core/preload";
import { warnOfNothingPassed } from "./messages.ts";
import { targetOf } from "./target.ts";

/** In a process that `npm start` or a shell has started, says that the sockets were passed to that one, once a server of HTTP listens. */
export function warnDescendant(server: Server, args: readonly unknown[]): undefined {
  if (isAppServer(server, args)) warnIfPassedElsewhere();
}

/** In a process that the service manager has started without a socket, says that SOCKACT_MAP has no effect, once a server of HTTP listens. */
export function warnUnactivated(server: Server, args: readonly unknown[]): undefined {
  if (isAppServer(server, args)) warnOfNothingPassed();
}

function isAppServer(server: Server, args: readonly unknown[]): boolean {
  return (targetOf(args)?.port ?? 0) !== 0 && server.listenerCount("request") > 0;
}

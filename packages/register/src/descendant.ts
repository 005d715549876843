import type { Server } from "node:net";
import { warnIfPassedElsewhere } from "@sockact/core/preload";
import { targetOf } from "./target.ts";

/** In a process that `npm start` or a shell has started, says that the sockets were passed to that one, once a server of HTTP listens. */
export function warnDescendant(server: Server, args: readonly unknown[]): undefined {
  const port = targetOf(args)?.port ?? 0;
  if (port !== 0 && server.listenerCount("request") > 0) warnIfPassedElsewhere();
}

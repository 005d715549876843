import type { Server } from "node:net";
import { formatTarget, type Target } from "./target.ts";

/** What listen() was called for. */
export interface SeenListen {
  readonly target: Target;
  /** Whether nothing would be done with a connection. */
  readonly isProbe: boolean;
  readonly server: WeakRef<Server>;
}

/** Every `listen()` that has got no socket, as long as none has got one. */
export const seenListens: SeenListen[] = [];

/** More than this would make no message clearer. */
const MOST = 20;

export function remember(server: Server, target: Target, isProbe: boolean): void {
  const isKnown = seenListens.some(
    (seen) => seen.isProbe === isProbe && formatTarget(seen.target) === formatTarget(target),
  );
  if (!isKnown && seenListens.length < MOST)
    seenListens.push({ target, isProbe, server: new WeakRef(server) });
}

/** Whether a server listens of those that have got no socket. */
export function isAnyListening(): boolean {
  return seenListens.some(({ server }) => server.deref()?.listening === true);
}

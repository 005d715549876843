import { formatTarget, type Target } from "./target.ts";

/** What listen() was called for. */
export interface SeenListen {
  readonly target: Target;
  /** Whether nothing would be done with a connection. */
  readonly isProbe: boolean;
}

/** Every `listen()` that has got no socket. */
export const seenListens: SeenListen[] = [];

/** More than this would make no message clearer. */
const MOST = 20;

export function remember(target: Target, isProbe: boolean): void {
  const isKnown = seenListens.some(
    (seen) => seen.isProbe === isProbe && formatTarget(seen.target) === formatTarget(target),
  );
  if (!isKnown && seenListens.length < MOST) seenListens.push({ target, isProbe });
}

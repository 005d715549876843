import { formatTarget, type Target } from "./target.ts";

/** A call of listen(). */
export interface SeenListen {
  readonly target: Target;
  /** Whether the server ignores connections, as one that only looks for a free port does. */
  readonly isProbe: boolean;
}

/** Every `listen()` that got no socket. */
export const seenListens: SeenListen[] = [];

/** The number of calls to remember. More would not make a message clearer. */
const MOST = 20;

export function remember(target: Target, isProbe: boolean): void {
  const isKnown = seenListens.some(
    (seen) => seen.isProbe === isProbe && formatTarget(seen.target) === formatTarget(target),
  );
  if (!isKnown && seenListens.length < MOST) seenListens.push({ target, isProbe });
}

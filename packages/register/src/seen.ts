import { formatTarget, type Target } from "./target.ts";

/** A call of listen(). */
export interface SeenListen {
  readonly target: Target;
  /** Whether the server does nothing with connections, like a tool that looks for a free port. */
  readonly isProbe: boolean;
}

/** Every `listen()` that got no socket. */
export const seenListens: SeenListen[] = [];

/** The most calls to remember. More would not make a message clearer. */
const MOST = 20;

export function remember(target: Target, isProbe: boolean): void {
  const isKnown = seenListens.some(
    (seen) => seen.isProbe === isProbe && formatTarget(seen.target) === formatTarget(target),
  );
  if (!isKnown && seenListens.length < MOST) seenListens.push({ target, isProbe });
}

import process from "node:process";
import { announcedSockets } from "@sockact/shared/preload";
import { warnOfUnmatched } from "./messages.ts";
import { canBeServed } from "./rules.ts";
import { seenListens } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";
import { formatTarget, type Target } from "./target.ts";

/** How long a warning waits for more servers, in milliseconds. One SOCKACT_MAP then names all of them. */
const TOGETHER_MS = 250;

const targets = new Map<string, Target>();

let timer: NodeJS.Timeout | undefined;
let isSaid = false;
let hasFailed = false;

/** Whether a warning has reported a server without a socket. */
export function hasWarnedOfUnmatched(): boolean {
  return isSaid;
}

/**
 * Warns after a delay, or when the process ends, that a server listens on its own port, unless every socket
 * that may be meant for it has a server by then.
 */
export function explainSoon(target: Target, map: readonly MapEntry[], isFailed = false): void {
  hasFailed ||= isFailed;
  const explain = (isEnd: boolean): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    // The servers in the map may listen later, unless an error ends the app.
    const isReserved = (name: string): boolean => !hasFailed && map.some((entry) => entry.name === name);
    const free = announcedSockets().filter(
      (socket) => !socket.isServed && !isReserved(socket.name) && canBeServed(socket),
    );
    if (free.length === 0) return;
    isSaid = true;
    warnOfUnmatched([...targets.values()], free, { seen: seenListens, map, isEnd });
  };
  // Before the summary, which has fewer details.
  if (targets.size === 0) process.prependListener("exit", () => explain(true));
  targets.set(formatTarget(target), target);
  timer ??= setTimeout(() => explain(false), TOGETHER_MS).unref();
}

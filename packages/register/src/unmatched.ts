import process from "node:process";
import { announcedSockets } from "@sockact/shared/preload";
import { warnOfUnmatched } from "./messages.ts";
import { canBeServed } from "./rules.ts";
import { seenListens } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";
import { formatTarget, type Target } from "./target.ts";

/**
 * How long a warning waits for further servers, in milliseconds, so that one SOCKACT_MAP names all of them.
 */
const TOGETHER_MS = 250;

const targets = new Map<string, Target>();

let timer: NodeJS.Timeout | undefined;
let isSaid = false;
let hasFailed = false;

/** Whether a warning has said that a server got no socket. */
export function hasWarnedOfUnmatched(): boolean {
  return isSaid;
}

/**
 * Warns soon, or when the process ends, that a server listens by itself, unless all sockets that may be meant
 * for it have a server by then.
 */
export function explainSoon(target: Target, map: readonly MapEntry[], isFailed = false): void {
  hasFailed ||= isFailed;
  const explain = (isEnd: boolean): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    // The servers that the map names may listen later, unless an error ends the app.
    const isReserved = (name: string): boolean => !hasFailed && map.some((entry) => entry.name === name);
    const free = announcedSockets().filter(
      (socket) => !socket.isServed && !isReserved(socket.name) && canBeServed(socket),
    );
    if (free.length === 0) return;
    isSaid = true;
    warnOfUnmatched([...targets.values()], free, { seen: seenListens, map, isEnd });
  };
  // This comes before the summary, which says less.
  if (targets.size === 0) process.prependListener("exit", () => explain(true));
  targets.set(formatTarget(target), target);
  timer ??= setTimeout(() => explain(false), TOGETHER_MS).unref();
}

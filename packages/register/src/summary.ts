import process from "node:process";
import { announcedNames, type AnnouncedSocket, announcedSockets, writeLine } from "@sockact/shared/preload";
import { summaryOf, warnOfNothingTaken } from "./messages.ts";
import { seenListens } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";
import { hasWarnedOfUnmatched } from "./unmatched.ts";

/** The time in which most apps start, in milliseconds. */
const START_MS = 10_000;

/**
 * If no server has a socket after ten seconds, or when the process ends, reports which servers have called
 * `listen()` and why they got none.
 */
export function summariseUnlessTaken(map: readonly MapEntry[]): void {
  let isSaid = false;
  setTimeout(() => {
    const free = freeSockets();
    if (free.length === 0) return;
    isSaid = true;
    warnOfNothingTaken(free, seenListens, map);
  }, START_MS).unref();
  process.once("exit", (code) => {
    // An app that ends with an error has printed it. Node no longer prints warnings at this point, so this
    // writes the line itself.
    const free = code !== 0 || isSaid ? [] : freeSockets();
    if (free.length > 0) writeLine(`sockact: ${summaryOf(free, seenListens, map).join(" ")}`);
  });
}

/** The sockets, unless one of them is claimed or used, or a warning has named a server without a socket. */
function freeSockets(): readonly AnnouncedSocket[] {
  if (announcedNames() === undefined || hasWarnedOfUnmatched()) return [];
  try {
    const sockets = announcedSockets();
    return sockets.some(({ isServed }) => isServed) ? [] : sockets;
  } catch {
    // The app has used a descriptor by its number and closed it.
    return [];
  }
}

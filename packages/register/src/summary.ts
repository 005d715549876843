import process from "node:process";
import { announcedNames, type AnnouncedSocket, announcedSockets, writeLine } from "@sockact/core/preload";
import { summaryOf, warnOfNothingTaken } from "./messages.ts";
import { seenListens } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";
import { hasWarnedOfUnmatched } from "./unmatched.ts";

/** How long most apps take to start, in milliseconds. */
const START_MS = 10_000;

/** Says which `listen()` there were, and why none of them got a socket, if that is so after ten seconds or when the process ends. */
export function summariseUnlessTaken(map: readonly MapEntry[]): void {
  let isSaid = false;
  setTimeout(() => {
    const free = freeSockets();
    if (free.length === 0) return;
    isSaid = true;
    warnOfNothingTaken(free, seenListens, map);
  }, START_MS).unref();
  process.once("exit", (code) => {
    // An app that ends with an error has said why. Node shows no warning any more that comes now.
    const free = code !== 0 || isSaid ? [] : freeSockets();
    if (free.length > 0) writeLine(`sockact: ${summaryOf(free, seenListens, map).join(" ")}`);
  });
}

/** The sockets, if nothing has taken or used any of them, and no warning has said which server has got none. */
function freeSockets(): readonly AnnouncedSocket[] {
  if (announcedNames() === undefined || hasWarnedOfUnmatched()) return [];
  try {
    const sockets = announcedSockets();
    return sockets.some(({ isServed }) => isServed) ? [] : sockets;
  } catch {
    // The app has closed what it has used by its number.
    return [];
  }
}

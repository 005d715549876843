import process from "node:process";
import { announcedNames, announcedSockets, writeLine } from "@sockact/core/preload";
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
    if (isTaken()) return;
    isSaid = true;
    warnOfNothingTaken(announcedSockets(), seenListens, map);
  }, START_MS).unref();
  process.once("exit", (code) => {
    // An app that ends with an error has said why. Node shows no warning any more that comes now.
    if (code !== 0 || isSaid || isTaken()) return;
    writeLine(`sockact: ${summaryOf(announcedSockets(), seenListens, map).join(" ")}`);
  });
}

/** Whether something has taken the sockets, or it has been said which server has got none. */
function isTaken(): boolean {
  return announcedNames() === undefined || hasWarnedOfUnmatched();
}

import process from "node:process";
import { announcedNames, announcedSockets, writeLine } from "@sockact/core/adapter";
import { hasWarnedOfUnmatched, summaryOf, warnOfNothingTaken } from "./messages.ts";
import { isAnyListening, seenListens } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";

/** When to look whether a server has taken a socket, in milliseconds: soon where one listens elsewhere, since the app is up then. */
const STARTED_MS = 5_000;
const STARTING_MS = 30_000;

/** Says which `listen()` there were, and why none of them got a socket, if that is so after some seconds or when the process ends. */
export function summariseUnlessTaken(map: readonly MapEntry[]): void {
  let isDone = false;
  const look = (isLast: boolean): void => {
    if (isDone || isTaken()) return;
    if (isLast || isAnyListening()) {
      isDone = true;
      warnOfNothingTaken(announcedSockets(), seenListens, map);
    } else setTimeout(() => look(true), STARTING_MS - STARTED_MS).unref();
  };
  setTimeout(() => look(false), STARTED_MS).unref();
  process.once("exit", (code) => {
    // An app that ends with an error has said why. Node shows no warning any more that comes now.
    if (code === 0 && !isDone && !isTaken())
      writeLine(`sockact: ${summaryOf(announcedSockets(), seenListens, map).join(" ")}`);
  });
}

/** Whether something has taken the sockets, or it has been said which server has got none. */
function isTaken(): boolean {
  return announcedNames() === undefined || hasWarnedOfUnmatched();
}

import type { Cause } from "../report.ts";
import type { WitnessLine } from "../witness-line.ts";
import { cause, type Line, linesOf, placesIn, unique } from "./lines.ts";

/** What takes less of the start than this is not worth a word, in milliseconds. */
const LONG = 500;

/** What a slow start takes its time with: the longest wait, and the longest block of the event loop. */
function slowStart(lines: readonly WitnessLine[], folder: string): Cause[] {
  const blocks = linesOf(lines, "block")
    .filter(({ isStarting }) => isStarting === true)
    .map((line) => ({ ms: Number(line["sampled"]), waits: undefined, line }));
  const waits = linesOf(lines, "start", "ready").flatMap(({ waits: all = [] }) =>
    all.map((wait) => ({ ms: wait.ms ?? 0, waits: wait.kind, line: wait })),
  );
  return [...blocks, ...waits]
    .filter(({ ms }) => ms >= LONG)
    .toSorted((a, b) => b.ms - a.ms)
    .flatMap(({ ms, waits: kind, line: { places: seen } }) => {
      const places = placesIn(folder, seen);
      return places.length === 0 ? [] : [cause("SOCKACT_PROVE_SLOW", places, { ms, waits: kind })];
    })
    .slice(0, 3);
}

/** What an app waits for that does not listen after a while: another server that it can't reach, or a timer. */
function neverReady(lines: readonly WitnessLine[], folder: string): Cause[] {
  const last = linesOf(lines, "start").findLast(({ isListening }) => isListening === false);
  if (last === undefined || linesOf(lines, "listening").length > 0) return [];
  const failed = linesOf(lines, "failed").map(({ places, code, address, port }) =>
    cause("SOCKACT_PROVE_READY", placesIn(folder, places), {
      address: `${String(address)}:${String(port)}`,
      code: String(code),
    }),
  );
  const waits = (last.waits ?? []).flatMap(({ kind, peer, places: seen }) => {
    const places = placesIn(folder, seen);
    return places.length === 0 ? [] : [cause("SOCKACT_PROVE_READY", places, { kind, peer })];
  });
  const all = [...failed, ...waits];
  return all.length > 0 ? unique(all).slice(0, 3) : [cause("SOCKACT_PROVE_READY", [])];
}

/** Uncaught errors. */
export const crashes = (lines: readonly WitnessLine[], folder: string): Cause[] =>
  linesOf(lines, "crash").map(({ places, name, code, message }: Line) =>
    cause("SOCKACT_PROVE_CRASH", placesIn(folder, places), {
      message: code === undefined ? `${String(name)}: ${String(message)}` : String(message),
    }),
  );

/** Why it starts slowly, or not at all. */
export const ofStart = (lines: readonly WitnessLine[], folder: string): Cause[] =>
  unique([...crashes(lines, folder), ...neverReady(lines, folder), ...slowStart(lines, folder)]);

import type { Cause } from "../report.ts";
import type { WitnessLine } from "../witness-line.ts";
import { cause, linesOf, pathIn, placesIn, unique } from "./lines.ts";

/** A shorter block keeps nobody waiting, also if each request has one, in milliseconds. */
const LONG = 200;
/** Fewer open descriptors of one place are not a leak. */
const MANY = 10;

/** Where the event loop was blocked after the start. */
export const blocks = (lines: readonly WitnessLine[], folder: string): Cause[] =>
  unique(
    linesOf(lines, "block")
      .filter(({ isStarting, sampled }) => isStarting !== true && Number(sampled) >= LONG)
      .toSorted((a, b) => Number(b["ms"]) - Number(a["ms"]))
      .flatMap((line) => {
        const places = placesIn(folder, line.places);
        return places.length === 0 ? [] : [cause("SOCKACT_PROVE_BLOCK", places, { ms: Number(line["ms"]) })];
      }),
  );

/** Where the descriptors were opened that the app has not closed. */
export function descriptors(lines: readonly WitnessLine[], folder: string): Cause[] {
  const groups = linesOf(lines, "open").flatMap((line) => line.groups ?? []);
  return unique(
    groups
      .filter(({ count }) => count >= MANY)
      .flatMap(({ kind, count, target, places: seen }) => {
        const places = placesIn(folder, seen);
        if (places.length === 0) return [];
        return [
          cause("SOCKACT_PROVE_DESCRIPTORS", places, {
            kind,
            count,
            target: target && pathIn(folder, target),
          }),
        ];
      }),
  );
}

/** What it tried outside of its sandbox: files, addresses and programs. */
export function refusals(lines: readonly WitnessLine[], folder: string): Cause[] {
  return unique(
    linesOf(lines, "write", "refused").map((line) => {
      const { what, call, code, address, port, ...rest } = line as typeof line & Record<string, string>;
      const path = rest["path"] === undefined ? undefined : pathIn(folder, rest["path"]);
      return what === "write"
        ? cause("SOCKACT_PROVE_WRITE", placesIn(folder, line.places), { call, path, code })
        : cause("SOCKACT_PROVE_REFUSED", placesIn(folder, line.places), {
            call,
            path,
            code,
            address: port === undefined ? address : `${address}:${port}`,
          });
    }),
  );
}

/** Where a port was opened that is not one of its sockets. */
export const portPlaces = (lines: readonly WitnessLine[], folder: string, opened: unknown): Cause["places"] =>
  placesIn(folder, linesOf(lines, "listening").find(({ port }) => port === opened)?.places);

/** What keeps it awake while nobody asks. */
export function keptAwake(lines: readonly WitnessLine[], folder: string): Cause[] {
  const asked = linesOf(lines, "awake").filter(({ afterSignal }) => afterSignal === undefined);
  return unique(
    asked
      .flatMap(({ active = [] }) => active)
      .flatMap(({ kind, count, delay, peer, places: seen }) => {
        const places = placesIn(folder, seen);
        if (places.length === 0 || kind === "server") return [];
        return [cause("SOCKACT_PROVE_AWAKE", places, { kind, count, delay, peer })];
      }),
  );
}

import { relative } from "node:path";
import type { Cause, Place } from "../report.ts";
import type { WitnessLine } from "../witness-line.ts";
import type { CauseCode } from "../causes.ts";

/** A place as the witness records it. */
interface SeenPlace extends Place {
  readonly function: string;
}

/** Something that keeps the event loop alive, or an open descriptor: all of a kind that one place has made. */
export interface Open {
  readonly kind: string;
  readonly count: number;
  readonly places: readonly SeenPlace[];
  readonly delay?: number;
  readonly repeats?: boolean;
  readonly peer?: string;
  readonly target?: string;
  readonly command?: string;
  /** How long the app has waited for it, in milliseconds. */
  readonly ms?: number;
}

/** A line of the witness, with all that a line may have. */
export interface Line extends WitnessLine {
  readonly at: number;
  readonly places?: readonly SeenPlace[];
  readonly active?: readonly Open[];
  readonly groups?: readonly Open[];
  readonly waits?: readonly Open[];
  readonly listeners?: readonly { readonly name: string; readonly places: readonly SeenPlace[] }[];
}

/** The lines about something. */
export const linesOf = (lines: readonly WitnessLine[], ...whats: readonly string[]): Line[] =>
  lines.filter(({ what }) => whats.includes(what)) as Line[];

const isOfSockact = ({ file }: Place): boolean =>
  /\/node_modules\/@sockact\/|^\/var\/lib\/sockact\/[^/]+\/files\/register\.cjs$/.test(file);

const isOfPackage = ({ file }: Place): boolean => file.includes("/node_modules/");

/** A path as the user of the app writes it. */
export const pathIn = (folder: string, path: string): string =>
  path.startsWith(`${folder}/`) ? relative(folder, path) : path;

/**
 * The places of a call in the app, and in its packages. The innermost call of the app itself comes first,
 * because that is what you can change. sockact's own are left out.
 */
export function placesIn(folder: string, places: readonly Place[] = []): Place[] {
  const others = places.filter((place) => !isOfSockact(place));
  const own = others.find((place) => !isOfPackage(place));
  return [...(own === undefined ? [] : [own]), ...others.filter((place) => place !== own)].map(
    ({ file, line, column }) => ({
      file: pathIn(folder, file),
      line,
      column,
    }),
  );
}

/** A cause, with the details that have a value. */
export const cause = (
  code: CauseCode,
  places: readonly Place[],
  details: Readonly<Record<string, string | number | undefined>> = {},
): Cause => ({
  code,
  details: Object.fromEntries(
    Object.entries(details).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  ),
  places,
});

/** Each cause once: at a place of the app, it may happen many times. */
export function unique(causes: readonly Cause[]): Cause[] {
  const known = new Set<string>();
  return causes.filter(({ code, details, places: [place] }) => {
    const key = JSON.stringify([code, place ?? details]);
    return !known.has(key) && known.add(key);
  });
}

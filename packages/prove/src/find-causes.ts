import { blocks, descriptors, keptAwake, portPlaces, refusals } from "./causes/run.ts";
import { crashes, ofStart } from "./causes/start.ts";
import { unique } from "./causes/lines.ts";
import { endsAtReload, endsWith, ofStop } from "./causes/stop.ts";
import type { Cause, CheckId } from "./report.ts";
import type { Outcome } from "./step.ts";
import type { WitnessLine } from "./witness-line.ts";

/** What is known about a promise. */
export interface Facts {
  /** What the witness has seen. */
  readonly lines: readonly WitnessLine[];
  /** What the step has found with the witness. */
  readonly outcome: Outcome;
  /** The causes that the step itself has found. */
  readonly causes: readonly Cause[];
  /** The folder of the app, on the host. */
  readonly folder: string;
}

type Find = (lines: readonly WitnessLine[], folder: string) => Cause[];

/** Where the causes of each promise are looked for, the most likely one first. */
const FINDS: Partial<Record<CheckId, readonly Find[]>> = {
  start: [ofStart, refusals],
  answer: [crashes, refusals, blocks],
  stop: [ofStop, crashes, endsWith, blocks],
  restart: [ofStop, crashes, blocks],
  reload: [endsAtReload, ofStop, crashes, blocks],
  sleep: [ofStop, crashes, keptAwake],
  crash: [crashes, ofStart, blocks],
  watchdog: [crashes, ofStart, blocks],
  sandbox: [refusals],
  leak: [descriptors, crashes],
};

/**
 * What is no cause if the promise is not broken: the machine may be slow, the unit may expect the status, and a
 * handover sends no signal to the listener.
 */
const HARMLESS: ReadonlySet<Find> = new Set([blocks, endsWith, endsAtReload]);

/** The causes of a broken promise, the most likely one first. */
export function causesOf(id: CheckId, { lines, outcome, causes, folder }: Facts): Cause[] {
  // The witness watches each stop. One that has lost nothing needs no cause.
  if (id === "stop" && outcome.verdict === "held") return [...causes];
  const finds = (FINDS[id] ?? []).filter((find) => outcome.verdict === "broken" || !HARMLESS.has(find));
  const found = unique(finds.flatMap((find) => find(lines, folder)));
  // What the step has found says what, and the witness says where.
  const placed = causes.map((each) =>
    each.code === "SOCKACT_PROVE_PORT"
      ? { ...each, places: portPlaces(lines, folder, each.details["port"]) }
      : each,
  );
  const isNew = ({ code, places }: Cause): boolean =>
    places.length > 0 || !found.some((other) => other.code === code);
  return [...found, ...placed.filter(isNew)];
}

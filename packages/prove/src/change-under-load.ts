import type { App, Asking, Sums } from "./app.ts";
import { median } from "./median.ts";
import type { Cause, Check } from "./report.ts";
import { heldIf, type Outcome } from "./step.ts";

/**
 * When the change is over, the app has said that it is ready. Then each client gets its answer as soon as without a
 * change, or a start later: the first requests may take longer. Twice that is too long.
 */
const LONG = 2;

/** What the clients have seen while something was changed under load. */
export interface ChangesUnderLoad extends Sums {
  /** A status that is not the expected one, and a wait that is too long. Empty without them. */
  readonly causes: readonly Cause[];
  /** How long the clients wait after the change, divided by their usual wait and a start. The median of the changes. */
  readonly waitRatio: number;
}

/**
 * Changes something several times under load.
 *
 * The median of the changes counts: the machine may stand still for a moment.
 */
export async function changeUnderLoad(
  app: App,
  clients: number,
  times: number,
  change: () => Promise<void>,
): Promise<ChangesUnderLoad> {
  const took: number[] = [];
  const sums = await app.underLoad(clients, times, async () => {
    const began = performance.now();
    await change();
    took.push(performance.now() - began);
  });
  const start = (await app.when("ActiveEnter")) - (await app.when("InactiveExit"));
  const [usual = 0, ...rounds] = sums.rounds;
  const ms = median(rounds.map((round, index) => round - took[index]!));
  const ratio = ms / (usual + start);
  const isLong = ratio >= LONG;
  const causes = [
    ...wrongStatus(sums.failed, app.asking),
    ...(isLong ? [{ code: "SOCKACT_PROVE_WAIT", details: { ms, ratio }, places: [] }] : []),
  ];
  return { ...sums, causes, waitRatio: ratio };
}

/** A promise that holds if nothing was lost under load, nobody waited too long, and the service did not fail. */
export const heldUnderLoad = (
  { lost, resets, causes }: ChangesUnderLoad,
  hasNotFailed: boolean,
  figures: Check["figures"],
): Outcome => {
  const isWhole = lost === 0 && resets === 0 && hasNotFailed;
  return { ...heldIf(isWhole && causes.length === 0, figures, causes), isDoubtful: isWhole };
};

/** The wrong status that most requests got, such as the 503 of an app that answers so while it stops. */
export function wrongStatus(failed: Sums["failed"], { requests, status: expected }: Asking): Cause[] {
  const [most] = Object.entries(failed)
    .filter(([reason]) => reason.startsWith("status "))
    .toSorted(([, one], [, other]) => other - one);
  if (most === undefined) return [];
  const status = Number(most[0].slice("status ".length));
  const path = requests.map((request) => request.path).join(", ");
  return [{ code: "SOCKACT_PROVE_STATUS", details: { path, status, expected }, places: [] }];
}

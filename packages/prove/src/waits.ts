import type { App, Asking, Sums } from "./app.ts";
import { median } from "./median.ts";
import type { Cause } from "./report.ts";

/**
 * A client may wait as long as the change takes, and as long as clients wait without a change. A wait of
 * several times that is the app's own: it says that it is ready, and can't answer yet.
 */
const LONG = 3;

/** Whether the clients waited too long while something was changed under load, and for how long. */
export interface Waits extends Sums {
  /** Empty if they did not. */
  readonly causes: readonly Cause[];
}

/**
 * Changes something several times under load.
 *
 * The median of the changes counts: a machine that stands still for a moment is no fault of the app.
 */
export async function changeUnderLoad(
  app: App,
  clients: number,
  times: number,
  change: () => Promise<void>,
): Promise<Waits> {
  const took: number[] = [];
  const sums = await app.underLoad(clients, times, async () => {
    const began = performance.now();
    await change();
    took.push(performance.now() - began);
  });
  const [usual = 0, ...waits] = sums.waits;
  const ratios = waits.map((wait, index) => wait / (usual + took[index]!));
  const ratio = median(ratios);
  const ms = waits[ratios.indexOf(ratio)];
  const isLong = ms !== undefined && ratio >= LONG;
  return {
    ...sums,
    causes: [
      ...wrongStatus(sums.failed, app.asking),
      ...(isLong ? [{ code: "SOCKACT_PROVE_WAIT", details: { ms, ratio }, places: [] }] : []),
    ],
  };
}

/** The wrong status that most requests got, such as the 503 of an app that answers so while it stops. */
export function wrongStatus(failed: Sums["failed"], { path, status: expected }: Asking): Cause[] {
  const [most] = Object.entries(failed)
    .filter(([reason]) => reason.startsWith("status "))
    .toSorted(([, one], [, other]) => other - one);
  if (most === undefined) return [];
  const status = Number(most[0].slice("status ".length));
  return [{ code: "SOCKACT_PROVE_STATUS", details: { path, status, expected }, places: [] }];
}

import type { App, Sums } from "./app.ts";
import { median } from "./median.ts";
import type { Cause, Check } from "./report.ts";
import { heldIf, type Outcome } from "./step.ts";

/**
 * A client may wait as long as the change takes, and as long as clients wait without a change. Twice that is
 * the app's own: it says that it is ready, and can't answer yet.
 */
const LONG = 2;

/** Whether the clients waited too long while something was changed under load, and for how long. */
export interface Waits extends Sums {
  /** Empty if they did not. */
  readonly causes: readonly Cause[];
  /** The longest wait, divided by the time that the change takes. The median of the changes. */
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
  const causes = isLong ? [{ code: "SOCKACT_PROVE_WAIT", details: { ms, ratio }, places: [] }] : [];
  return { ...sums, causes, waitRatio: ratio };
}

/** A promise that holds if nothing was lost under load, nobody waited too long, and the service did not fail. */
export const heldUnderLoad = (
  { lost, resets, causes }: Waits,
  hasNotFailed: boolean,
  figures: Check["figures"],
): Outcome => {
  const isWhole = lost === 0 && resets === 0 && hasNotFailed;
  return { ...heldIf(isWhole && causes.length === 0, figures, causes), isDoubtful: isWhole };
};

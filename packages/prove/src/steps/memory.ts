import { setTimeout as delay } from "node:timers/promises";
import type { App } from "../app.ts";
import { placesIn } from "../causes/lines.ts";
import type { Cause, Place } from "../report.ts";
import { Witness } from "../witness.ts";

/** How long clients ask: until the app is warm, in each of two halves, and at the end, in milliseconds. */
const [WARM, HALF, MORE] = [2500, 3000, 10_000];
/** Less than this is noise: in bytes for each request, and in all. V8 goes on to compile for a while. */
const [EACH, ALL] = [512, 1024 * 1024];

/** The memory of the app's processes without garbage. */
interface Memory {
  readonly pids: string;
  readonly bytes: number;
  /** Where the app has allocated the most of what is new, and not garbage. */
  readonly places: readonly Place[];
}

/**
 * What it keeps for each request, in bytes; undefined if that can't be seen.
 *
 * A cache that fills grows less and less. So memory is lost only if the app grows in the second half as it did
 * in the first one, and goes on to grow under a longer load.
 */
export async function memoryOf(
  app: App,
  clients: number,
): Promise<{ heap?: number; causes: readonly Cause[] }> {
  const witness = await Witness.attach(app, ["heap"]);
  try {
    const grow = async (milliseconds: number): Promise<Memory & { each: number; more: number }> => {
      const { sent } = await app.cycles(clients, Infinity, milliseconds);
      const memory = await settled(witness);
      const more = memory.bytes - (last?.bytes ?? 0);
      const isSame = last === undefined || last.pids === memory.pids;
      last = memory;
      return { ...memory, more: isSame ? more : Number.NaN, each: isSame ? more / sent : Number.NaN };
    };
    let last: Memory | undefined;
    if (!witness.isWatching) return { causes: [] };
    await grow(WARM);
    const first = await grow(HALF);
    const second = await grow(HALF);
    const isLost = ({ each, more }: typeof first, least: number): boolean =>
      more >= ALL && each >= EACH && each >= least / 2;
    const heap = Number.isNaN(second.each) ? {} : { heap: Math.max(0, Math.round(second.each)) };
    if (!isLost(second, first.each)) return { ...heap, causes: [] };
    const third = await grow(MORE);
    if (!isLost(third, second.each)) return { ...heap, causes: [] };
    const places = placesIn(app.machine.folder, third.places);
    const bytes = Math.round(third.each);
    return { heap: bytes, causes: [{ code: "SOCKACT_PROVE_MEMORY", details: { bytes }, places }] };
  } finally {
    await witness.remove();
  }
}

/** The least of a few looks: the app closes its connections a moment after the clients. */
async function settled(witness: Witness): Promise<Memory> {
  const looks: Memory[] = [];
  for (let count = 0; count < 3; count++) {
    if (count > 0) await delay(200);
    const lines = await witness.ask("heap");
    const most = lines.toSorted((a, b) => Number(b["bytes"]) - Number(a["bytes"]))[0];
    looks.push({
      pids: lines
        .map(({ pid }) => pid)
        .toSorted((a, b) => a - b)
        .join(),
      bytes: lines.reduce((sum, line) => sum + Number(line["bytes"]), 0),
      places: (most?.["places"] ?? []) as readonly Place[],
    });
  }
  const [least] = looks.filter(({ pids }) => pids !== "").toSorted((a, b) => a.bytes - b.bytes);
  return least ?? { pids: "", bytes: Number.NaN, places: [] };
}

import { readdirSync } from "node:fs";
import type { App } from "../app.ts";
import { heldIf, type Step } from "../step.ts";
import { memoryOf } from "./memory.ts";

const CLIENTS = 4;
const [WARM, CYCLES] = [20, 100];
/** How long the cycles may take, in milliseconds: fewer are enough for an app that is slow. */
const MOST = 15_000;
/** Agents and log files need some descriptors: fewer than this are not a leak. */
const SOME = 10;

/** After a hundred cycles of connections, it has no more descriptors, and keeps no more memory. */
export const leak: Step = async (app, { isWitnessed }) => {
  await app.stop();
  const before = await descriptorsAfter(app, WARM);
  const after = await descriptorsAfter(app, CYCLES);
  const descriptors = after - before;
  if (descriptors >= SOME || isWitnessed) return heldIf(descriptors < SOME, { descriptors });
  const { heap, causes } = await memoryOf(app, CLIENTS);
  return heldIf(causes.length === 0, { descriptors, ...(heap !== undefined && { heap }) }, causes);
};

/** The descriptors of its processes after some cycles, once the connections of the load are closed. */
async function descriptorsAfter(app: App, cycles: number): Promise<number> {
  await app.cycles(CLIENTS, cycles, MOST);
  const pids = await app.pids();
  let least = Infinity;
  // The app closes its connections a moment after the clients.
  for (let tries = 0; tries < 20; tries++) {
    await app.request();
    least = Math.min(
      least,
      pids.map((pid) => descriptorsOf(app, pid)).reduce((sum, count) => sum + count, 0),
    );
  }
  return least;
}

function descriptorsOf(app: App, pid: number): number {
  try {
    return readdirSync(app.systemd.hostPath(`/proc/${pid}/fd`)).length;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

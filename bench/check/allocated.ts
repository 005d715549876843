import { fileURLToPath } from "node:url";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";
import { startAsked, type Way } from "./asked-app.ts";
import { leastOfTwo } from "./least-of-two.ts";

/**
 * Node collects no garbage: it has memory for all new objects, and does not collect early or when the app is
 * idle.
 */
const KEEPS_GARBAGE = [
  "--min-semi-space-size=512",
  "--max-semi-space-size=512",
  "--no-incremental-marking",
  "--no-memory-reducer",
];
/** After this many requests, Node has compiled their code. */
const WARM_UP = { request: 10_000, connection: 3000 };
const MEASURED = 2000;

const reporter = fileURLToPath(new URL("../programs/report-heap.mjs", import.meta.url));

/** The bytes that a warm app allocates for one request or one connection. */
export function allocated(node: string, program: string, way: Way): Promise<number> {
  // Once in ten runs, the compiler keeps an allocation that it removes in the others.
  return leastOfTwo(() => allocatedOnce(node, program, way));
}

async function allocatedOnce(node: string, program: string, way: Way): Promise<number> {
  await using app = startAsked([node, ...KEEPS_GARBAGE, `--import=${reporter}`, program]);
  await app.ask(WARM_UP[way], way);
  const before = await heapOf(app.process);
  await app.ask(MEASURED, way);
  const after = await heapOf(app.process);
  if (after.collections > 0) throw new Error(`${program}: garbage was collected, so nothing was measured`);
  return (after.used - before.used) / MEASURED;
}

async function heapOf(app: AppProcess): Promise<{ used: number; collections: number }> {
  app.kill("SIGUSR2");
  return app.event("heap");
}

// Loaded by --import into an app with --expose-gc. For each line of input, it prints the heap that the app needs, in MB.
import process from "node:process";
import { createInterface } from "node:readline";
import { setImmediate as turn } from "node:timers/promises";

/** Each collection frees what the one before has released. */
const COLLECTIONS = 3;

createInterface({ input: process.stdin }).on("line", async () => {
  for (let count = 0; count < COLLECTIONS; count++) {
    globalThis.gc();
    await turn();
  }
  const heap = process.memoryUsage().heapUsed / 2 ** 20;
  process.stdout.write(`${JSON.stringify({ event: "heap", heap })}\n`);
});

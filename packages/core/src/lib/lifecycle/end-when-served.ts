import { allDrains, emit, lifecycle } from "./app.ts";
import { exitProcess, stop } from "./shutdown.ts";

/**
 * Ends the process once the connections have closed for which it was started (`Accept=yes`): nobody will bring it another. Called whenever
 * that may be so.
 */
export function endWhenServed(): void {
  if (!isServing()) void stopWhenServed();
}

async function stopWhenServed(): Promise<void> {
  // A service of Type=notify that ends before it was ready has failed.
  await lifecycle.ready;
  if (isServing() || lifecycle.stopping !== undefined) return;
  emit({ type: "served" });
  exitProcess(await stop("served"));
}

function isServing(): boolean {
  return allDrains().some(({ connections }) => connections.size > 0);
}

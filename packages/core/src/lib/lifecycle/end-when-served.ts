import { allDrains, emit } from "./app.ts";
import { untilReadySent } from "./readiness.ts";
import { exitProcess, stop } from "./shutdown.ts";
import { isStopping } from "./stopping.ts";

/**
 * Ends the process if its connections (`Accept=yes`) have closed, because it gets no others. Called whenever
 * a connection may have closed.
 */
export function endWhenServed(): void {
  if (!hasConnection()) void stopOnceReady();
}

async function stopOnceReady(): Promise<void> {
  // A service of Type=notify that ends before READY=1 has failed.
  await untilReadySent();
  if (hasConnection() || isStopping()) return;
  emit({ type: "served" });
  exitProcess(await stop("served"));
}

function hasConnection(): boolean {
  return allDrains().some(({ connections }) => connections.size > 0);
}

import { type ActivatedService, findService } from "./activated-units.ts";
import type { ServiceManager } from "./service-manager.ts";

/** The service of `sockact metrics install`: a socket starts it, or a timer. */
export const METRICS = "sockact-metrics";

/** The service that writes the metrics to a file, if it is installed. */
export async function timedService(manager: ServiceManager): Promise<ActivatedService | undefined> {
  const [service, timer] = [`${METRICS}.service`, `${METRICS}.timer`];
  const [shown] = manager.user ? [] : await manager.show([timer], ["LoadState"]);
  if (shown === undefined || shown.LoadState === "not-found") return undefined;
  return { name: METRICS, service, kind: "single", services: [service], sockets: [], timer, isSystem: false };
}

/** Finds a service that sockets start, or the one that a timer starts. */
export async function findOwn(manager: ServiceManager, name: string): Promise<ActivatedService> {
  const isNamed = name.replace(/\.(?:service|timer)$/, "") === METRICS;
  return (isNamed ? await timedService(manager) : undefined) ?? findService(manager, name);
}

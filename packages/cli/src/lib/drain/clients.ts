import { setTimeout as delay } from "node:timers/promises";
import type { ActivatedService } from "../systemd/activated-units.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { readAddresses } from "../status/addresses.ts";
import { countClients } from "../status/clients.ts";

/** How often to count, in milliseconds. */
const INTERVAL = 250;
/** For how long no client must be connected, in milliseconds. A balancer needs several probes to notice, and its clients may pause between requests. */
const QUIET = 10_000;

/** The connections of clients on the sockets of a service. Those of a socket with PrivateNetwork=, and of datagrams, can't be counted. */
async function connectionsOf({ sockets }: ActivatedService, manager: ServiceManager): Promise<number> {
  const shown = await manager.show(sockets, ["Id", "Listen", "Accept", "NConnections"]);
  const accepted = shown
    .filter(({ Accept }) => Accept === "yes")
    .map(({ NConnections }) => Number(NConnections));
  const addresses = shown
    .filter(({ Accept }) => Accept !== "yes")
    .flatMap(({ Listen }) => readAddresses((Listen as string | undefined) ?? ""));
  const counted = countClients(addresses).map((clients) => (clients ? clients.open + clients.waiting : 0));
  return [...accepted, ...counted].reduce((sum, one) => sum + one, 0);
}

interface WaitOptions {
  manager: ServiceManager;
  /** How long to wait at most, in milliseconds. */
  limit: number;
  signal: AbortSignal;
  onCount(left: number): void;
}

/**
 * Waits until no client has been connected for ten seconds, or for a third of the limit if that is shorter.
 *
 * @returns how many connections were open at the last count: 0 if it was quiet for so long
 */
export async function waitForClients(
  service: ActivatedService,
  { manager, limit, signal, onCount }: WaitOptions,
): Promise<number> {
  const quiet = Math.min(QUIET, limit / 3);
  const end = performance.now() + limit;
  let since = performance.now();
  for (;;) {
    const left = await connectionsOf(service, manager);
    const now = performance.now();
    if (left > 0) since = now;
    if (now - since >= quiet || now >= end) return left;
    onCount(left);
    await delay(INTERVAL, undefined, { signal });
  }
}

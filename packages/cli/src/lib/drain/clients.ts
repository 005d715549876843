import { setTimeout as delay } from "node:timers/promises";
import { takeStep } from "../change/step.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { readAddresses } from "../status/addresses.ts";
import { countClients } from "../status/clients.ts";

/**
 * For how long no client must be connected, in milliseconds. A balancer needs several probes to notice, and
 * its clients may pause between requests.
 */
const QUIET = 10_000;
/**
 * How many connections may have come and gone within a second. Load balancers keep probing, and their probes
 * may come to the same port.
 */
const PROBES = 2;

interface Counted {
  /** How many connections are open. */
  open: number;
  /** The addresses of clients whose connection was closed in the last minute. */
  closed: string[];
}

/**
 * The connections of clients on these socket units. Those of a socket with PrivateNetwork=, and of datagrams,
 * can't be counted.
 */
async function connectionsOf(sockets: readonly string[], manager: ServiceManager): Promise<Counted> {
  const shown = await manager.show(sockets, ["Id", "Listen", "Accept", "NConnections"]);
  const accepted = shown
    .filter(({ Accept }) => Accept === "yes")
    .map(({ NConnections }) => Number(NConnections));
  const addresses = shown
    .filter(({ Accept }) => Accept !== "yes")
    .flatMap(({ Listen }) => readAddresses((Listen as string | undefined) ?? ""));
  const counted = countClients(addresses).filter((clients) => clients !== null);
  const open = [...accepted, ...counted.map((clients) => clients.open + clients.waiting)];
  return {
    open: open.reduce((sum, one) => sum + one, 0),
    closed: counted.flatMap((clients) => clients.closed),
  };
}

/** How a wait has ended. */
export interface Waited {
  /** Whether it was quiet for long enough. */
  isQuiet: boolean;
  /** How many connections were open at the last count. */
  open: number;
}

interface WaitOptions {
  /** Its signal ends the wait. */
  manager: ServiceManager;
  /** How long to wait at most, in milliseconds. */
  limit: number;
  onCount(left: number): void;
}

/**
 * Waits until no client has been connected for ten seconds, or for a third of the limit if that is shorter.
 * Connections between two counts are found if this host has closed them. Those that the client has closed
 * leave no trace here. Without sockets, nothing can be counted, and it waits for the whole time.
 */
export async function waitForClients(
  sockets: readonly string[],
  { manager, limit, onCount }: WaitOptions,
): Promise<Waited> {
  if (sockets.length === 0) {
    await delay(limit, undefined, { signal: manager.signal });
    return { isQuiet: true, open: 0 };
  }
  const quiet = Math.min(QUIET, limit / 3);
  let since = performance.now();
  let known: ReadonlySet<string> | undefined;
  /** When the latest connections have come and gone. */
  let recent: number[] = [];
  const look = async (): Promise<Waited> => {
    const { open, closed } = await connectionsOf(sockets, manager);
    const now = performance.now();
    const fresh = known === undefined ? 0 : closed.filter((client) => !known!.has(client)).length;
    known = new Set(closed);
    recent = [...recent.filter((time) => now - time < 1000), ...Array<number>(fresh).fill(now)];
    if (open > 0 || recent.length > PROBES) since = now;
    onCount(open);
    return { isQuiet: now - since >= quiet, open };
  };
  const { seen } = await takeStep(manager, { look, isOver: ({ isQuiet }) => isQuiet, limit });
  return seen;
}

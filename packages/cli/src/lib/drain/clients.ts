import { setTimeout as delay } from "node:timers/promises";
import { takeStep } from "../change/step.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { readAddresses } from "../status/addresses.ts";
import { countClients } from "../status/clients.ts";

/**
 * How long no client must be connected, in milliseconds. A load balancer needs several probes, and clients
 * may pause between requests.
 */
const QUIET = 10_000;
/**
 * How many short connections per second are allowed. Load balancers keep probing, possibly on the same port.
 */
const PROBES = 2;

interface Counted {
  /** How many connections are open. */
  open: number;
  /** The addresses of clients whose connection was closed in the last minute. */
  closed: string[];
}

/**
 * The client connections of these socket units. Those of a socket with PrivateNetwork=, and datagrams, can't
 * be counted.
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

/** The result of a wait. */
export interface Waited {
  /** Whether no client was connected for long enough. */
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
 * Connections between two counts are found if this host closed them, but not if the client did. Without
 * sockets, it waits for the whole time.
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
  /** The times of the latest short connections. */
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

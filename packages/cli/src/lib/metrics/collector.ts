import { performance } from "node:perf_hooks";
import { ownVersion } from "../shared/own-version.ts";
import { readStatus } from "../status/read-status.ts";
import type { ServiceStatus } from "../status/service-status.ts";
import { activatedServices } from "../systemd/activated-units.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { type Sample, STATES } from "./catalog.ts";

export interface CollectorOptions {
  /** Whether to follow the journal between samples, which makes a sample cheap. */
  follow?: boolean | undefined;
  /** The file that keeps the counters. */
  state?: string | undefined;
  /** Whether to include the services of the distribution. */
  all?: boolean | undefined;
  /** The version of sockact. By default, it is read from the package. */
  version?: string | undefined;
}

/** Reads the values of all metrics. */
export interface Collector {
  /** The current values. */
  sample(): Promise<Sample[]>;
  /** Ends what follows the journal. */
  close(): Promise<void>;
}

/** Opens a collector of the metrics of a service manager's units. */
export async function openCollector(
  manager: ServiceManager,
  { all = false, version = ownVersion() }: CollectorOptions = {},
): Promise<Collector> {
  return {
    async sample() {
      const began = performance.now();
      const services = await readStatus(manager, await activatedServices(manager, { all }), {
        isRated: false,
      });
      const samples = services.flatMap(stateSamples);
      return [
        ...samples,
        { metric: "sockact_collect_duration_seconds", labels: {}, value: (performance.now() - began) / 1000 },
        { metric: "sockact_build_info", labels: { version }, value: 1 },
      ];
    },
    async close() {},
  };
}

function stateSamples(service: ServiceStatus): Sample[] {
  const app = service.name;
  const { kind, state, drained, memory, connections } = service;
  return [
    { metric: "sockact_app_info", labels: { app, unit: service.service, kind }, value: 1 },
    { metric: "sockact_app_up", labels: { app }, value: Number(state === "awake" || state === "asleep") },
    ...STATES.map((each): Sample => ({
      metric: "sockact_app_state",
      labels: { app, state: each },
      value: Number(each === state),
    })),
    { metric: "sockact_app_drained", labels: { app }, value: Number(drained) },
    ...service.sockets.flatMap(({ unit, addresses, backlog }): Sample[] => [
      ...addresses.flatMap(({ address, listens, clients }): Sample[] => {
        const labels = { app, socket: unit, address };
        const listening: Sample = { metric: "sockact_socket_listening", labels, value: Number(listens) };
        return clients === null
          ? [listening]
          : [listening, { metric: "sockact_accept_queue_length", labels, value: clients.waiting }];
      }),
      ...(backlog === null
        ? []
        : [{ metric: "sockact_accept_queue_limit" as const, labels: { app, socket: unit }, value: backlog }]),
    ]),
    ...(connections === null
      ? []
      : [{ metric: "sockact_connections" as const, labels: { app }, value: connections.open }]),
    { metric: "sockact_memory_bytes", labels: { app }, value: memory ?? 0 },
  ];
}

import type { AppCounters, Histogram } from "./app-counters.ts";
import { BUCKETS, type MetricName, type Sample, STATES } from "./catalog.ts";
import type { SocketStatus } from "../status/service-status.ts";
import type { CurrentApp } from "./known-apps.ts";

/** The samples of an app. Without counters, those of the journal are left out. */
export function appSamples(current: CurrentApp, counters: AppCounters | undefined): Sample[] {
  return [...stateSamples(current), ...(counters === undefined ? [] : counterSamples(current, counters))];
}

function stateSamples(current: CurrentApp): Sample[] {
  const { service, state, drained, socketStatuses, connections, memory, lastStart } = current;
  const app = service.name;
  const one = (metric: MetricName, value: number | null): Sample[] =>
    value === null ? [] : [{ metric, labels: { app }, value }];
  return [
    { metric: "sockact_app_info", labels: { app, unit: service.service, kind: service.kind }, value: 1 },
    ...one("sockact_app_up", Number(state === "awake" || state === "asleep")),
    ...STATES.map((each): Sample => ({
      metric: "sockact_app_state",
      labels: { app, state: each },
      value: Number(each === state),
    })),
    ...one("sockact_app_drained", Number(drained)),
    ...socketStatuses.flatMap(({ unit, addresses, backlog }): Sample[] => [
      ...merged(addresses).flatMap(({ address, listens, clients }): Sample[] => {
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
    ...one("sockact_connections", connections && connections.open),
    ...one("sockact_memory_bytes", memory),
    ...one("sockact_last_start_timestamp_seconds", lastStart),
  ];
}

/** Prometheus refuses two samples with the same labels, such as those of a TCP and a UDP socket on one port. */
function merged(addresses: SocketStatus["addresses"]): SocketStatus["addresses"] {
  const found = new Map<string, SocketStatus["addresses"][number]>();
  for (const each of addresses) {
    const { listens = true, clients = null } = found.get(each.address) ?? {};
    found.set(each.address, { ...each, listens: listens && each.listens, clients: clients ?? each.clients });
  }
  return [...found.values()];
}

function counterSamples({ service: { name: app } }: CurrentApp, counters: AppCounters): Sample[] {
  const { counts, now } = counters;
  const running = Object.values(now.runs).reduce((sum, { cpu }) => sum + cpu, 0);
  const one = (metric: MetricName, value: number, labels: Record<string, string> = {}): Sample => ({
    metric,
    labels: { app, ...labels },
    value,
  });
  return [
    ...(now.isHealthy === null ? [] : [one("sockact_app_healthy", Number(now.isHealthy))]),
    one("sockact_starts_total", counts.starts),
    one("sockact_wakes_total", counts.wakes),
    ...histogram("sockact_wake_duration_seconds", app, counters.wakes),
    one("sockact_failed_starts_total", counts.failedStarts),
    one("sockact_crashes_total", counts.crashes),
    one("sockact_restarts_total", counts.restartsByFailure, { reason: "failure" }),
    one("sockact_restarts_total", counts.restartsByRequest, { reason: "request" }),
    one("sockact_reloads_total", counts.reloads, { result: "success" }),
    one("sockact_reloads_total", counts.failedReloads, { result: "failure" }),
    ...histogram("sockact_reload_duration_seconds", app, counters.reloads),
    one("sockact_handovers_total", counts.handovers, { result: "success" }),
    one("sockact_handovers_total", counts.failedHandovers, { result: "failure" }),
    ...histogram("sockact_handover_duration_seconds", app, counters.handovers),
    one("sockact_connections_moved_total", counts.moved),
    one("sockact_connections_cut_total", counts.cut),
    one("sockact_connections_rejected_total", counts.rejected),
    one("sockact_asleep_seconds_total", counters.asleepShown / 1e6),
    one("sockact_cpu_seconds_total", (counters.cpu + running) / 1e6),
  ];
}

function histogram(metric: MetricName, app: string, { counts, sum, count }: Histogram): Sample[] {
  let below = 0;
  const buckets = BUCKETS.map((bound, index): Sample => {
    below += counts[index]!;
    return { metric, suffix: "_bucket", labels: { app, le: String(bound) }, value: below };
  });
  return [
    ...buckets,
    { metric, suffix: "_bucket", labels: { app, le: "+Inf" }, value: count },
    { metric, suffix: "_sum", labels: { app }, value: sum },
    { metric, suffix: "_count", labels: { app }, value: count },
  ];
}

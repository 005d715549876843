/**
 * A metric of `sockact metrics`. The names follow the conventions of Prometheus: base units, `_total` for a
 * counter.
 */
export interface Metric {
  type: "gauge" | "counter" | "histogram";
  help: string;
  /** The labels of each sample, without `le` of a histogram. */
  labels: readonly string[];
  /** The name after the semantic conventions of OpenTelemetry. */
  otel: string;
  /**
   * Where the value comes from. `record` is a record of sockact in the journal: an app whose unit does not
   * pass the journal has no such sample.
   */
  source: "systemd" | "kernel" | "journal" | "record" | "proxy" | "collector";
}

/** The states of `sockact status`. */
export const STATES = [
  "awake",
  "asleep",
  "starting",
  "restarting",
  "draining",
  "failed",
  "stopped",
  "not loaded",
] as const;

/** The upper bounds of a histogram of durations, in seconds. */
export const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

/** All metrics. Documentation, dashboard and alerts use this table. */
export const metrics = {
  sockact_app_info: {
    type: "gauge",
    help: "Always 1. The labels describe the app: its unit, and whether it is a single service, a rolling pair, or a process for each connection.",
    labels: ["app", "unit", "kind"],
    otel: "sockact.app.info",
    source: "systemd",
  },
  sockact_app_up: {
    type: "gauge",
    help: "Whether the app answers clients, or the next connection starts it: 1 or 0.",
    labels: ["app"],
    otel: "sockact.app.up",
    source: "systemd",
  },
  sockact_app_state: {
    type: "gauge",
    help: "1 for the state of the app, as in sockact status, and 0 for the others.",
    labels: ["app", "state"],
    otel: "sockact.app.state",
    source: "systemd",
  },
  sockact_app_drained: {
    type: "gauge",
    help: "Whether sockact drain has taken the app out of its load balancers: 1 or 0.",
    labels: ["app"],
    otel: "sockact.app.drained",
    source: "systemd",
  },
  sockact_app_healthy: {
    type: "gauge",
    help: "The last answer of the app to a health probe: 1 for 200, 0 for 503. No sample before the first change since its start.",
    labels: ["app"],
    otel: "sockact.app.healthy",
    source: "record",
  },
  sockact_socket_listening: {
    type: "gauge",
    help: "Whether systemd listens on the address: 1 or 0.",
    labels: ["app", "socket", "address"],
    otel: "sockact.socket.listening",
    source: "systemd",
  },
  sockact_accept_queue_length: {
    type: "gauge",
    help: "The connections that the app has not accepted yet.",
    labels: ["app", "socket", "address"],
    otel: "sockact.socket.accept_queue.length",
    source: "kernel",
  },
  sockact_accept_queue_limit: {
    type: "gauge",
    help: "The number of connections that may wait to be accepted. The kernel drops further ones.",
    labels: ["app", "socket"],
    otel: "sockact.socket.accept_queue.limit",
    source: "systemd",
  },
  sockact_connections: {
    type: "gauge",
    help: "The open connections that the app has accepted.",
    labels: ["app"],
    otel: "sockact.app.connections",
    source: "kernel",
  },
  sockact_starts_total: {
    type: "counter",
    help: "The starts of the service, successful or not. With Accept=yes, each connection is a start.",
    labels: ["app"],
    otel: "sockact.app.starts",
    source: "journal",
  },
  sockact_wakes_total: {
    type: "counter",
    help: "The starts of a service that did not run, while its socket listened: by a connection, or by systemctl start. Restarts are not wakes.",
    labels: ["app"],
    otel: "sockact.app.wakes",
    source: "journal",
  },
  sockact_wake_duration_seconds: {
    type: "histogram",
    help: "The time from a wake until the service is ready. Only services with Type=notify report when they are ready.",
    labels: ["app"],
    otel: "sockact.app.wake.duration",
    source: "journal",
  },
  sockact_failed_starts_total: {
    type: "counter",
    help: "The starts that failed before the service was ready. Starts that systemd refuses because of StartLimitBurst= do not count.",
    labels: ["app"],
    otel: "sockact.app.failed_starts",
    source: "journal",
  },
  sockact_crashes_total: {
    type: "counter",
    help: "How often the service failed while it was ready, and nobody had requested its stop.",
    labels: ["app"],
    otel: "sockact.app.crashes",
    source: "journal",
  },
  sockact_restarts_total: {
    type: "counter",
    help: 'The restarts: reason="failure" by Restart= of systemd, reason="request" by systemctl or sockact. A new instance of a rolling pair is a restart by request.',
    labels: ["app", "reason"],
    otel: "sockact.app.restarts",
    source: "journal",
  },
  sockact_reloads_total: {
    type: "counter",
    help: 'The reloads without a handover, by result="success" or "failure".',
    labels: ["app", "result"],
    otel: "sockact.app.reloads",
    source: "record",
  },
  sockact_reload_duration_seconds: {
    type: "histogram",
    help: "The time that a successful reload takes.",
    labels: ["app"],
    otel: "sockact.app.reload.duration",
    source: "record",
  },
  sockact_handovers_total: {
    type: "counter",
    help: 'The handovers, by result="success" or "failure".',
    labels: ["app", "result"],
    otel: "sockact.app.handovers",
    source: "record",
  },
  sockact_handover_duration_seconds: {
    type: "histogram",
    help: "The time from a reload until the new process serves.",
    labels: ["app"],
    otel: "sockact.app.handover.duration",
    source: "record",
  },
  sockact_connections_moved_total: {
    type: "counter",
    help: "The open connections that a handover has moved to the new process.",
    labels: ["app"],
    otel: "sockact.app.connections.moved",
    source: "record",
  },
  sockact_connections_cut_total: {
    type: "counter",
    help: "The connections that were still in use when drainTimeout was over, and were closed.",
    labels: ["app"],
    otel: "sockact.app.connections.cut",
    source: "record",
  },
  sockact_connections_rejected_total: {
    type: "counter",
    help: "The connections that were closed because of their PROXY header.",
    labels: ["app"],
    otel: "sockact.app.connections.rejected",
    source: "record",
  },
  sockact_asleep_seconds_total: {
    type: "counter",
    help: "The time that the app has been asleep: it did not run, and its socket listened.",
    labels: ["app"],
    otel: "sockact.app.asleep.time",
    source: "journal",
  },
  sockact_memory_bytes: {
    type: "gauge",
    help: "The memory of all processes of the app. 0 if none runs.",
    labels: ["app"],
    otel: "sockact.app.memory.usage",
    source: "kernel",
  },
  sockact_cpu_seconds_total: {
    type: "counter",
    help: "The processor time of all processes of the app, also of those that have ended. Runs between two readings may be missing, except for the last one and those that used a second or more.",
    labels: ["app"],
    otel: "sockact.app.cpu.time",
    source: "kernel",
  },
  sockact_last_start_timestamp_seconds: {
    type: "gauge",
    help: "When the service was last started, in seconds since 1970.",
    labels: ["app"],
    otel: "sockact.app.last_start.time",
    source: "systemd",
  },
  sockact_certificate_expiry_timestamp_seconds: {
    type: "gauge",
    help: "When the certificate expires, in seconds since 1970: of a host name at the machine's proxy, or of a file that the unit names.",
    labels: ["app", "certificate"],
    otel: "sockact.certificate.expiry.time",
    source: "proxy",
  },
  sockact_app_metrics_timestamp_seconds: {
    type: "gauge",
    help: "When the app last recorded metrics of its own, in seconds since 1970. No sample before the first time.",
    labels: ["app"],
    otel: "sockact.app.metrics.time",
    source: "record",
  },
  sockact_counters_created_timestamp_seconds: {
    type: "gauge",
    help: "Since when the counters count, in seconds since 1970.",
    labels: [],
    otel: "sockact.counters.created.time",
    source: "collector",
  },
  sockact_collect_duration_seconds: {
    type: "gauge",
    help: "How long it took to read these values.",
    labels: [],
    otel: "sockact.collect.duration",
    source: "collector",
  },
  sockact_build_info: {
    type: "gauge",
    help: "Always 1. The label is the version of sockact that reads these values.",
    labels: ["version"],
    otel: "sockact.build.info",
    source: "collector",
  },
} as const satisfies Record<string, Metric>;

/** The name of a metric. */
export type MetricName = keyof typeof metrics;

/** The value of a metric. */
export interface Sample {
  metric: MetricName;
  /** The value of each label. A sample of a histogram has one more, `le`. */
  labels: Readonly<Record<string, string>>;
  /** What follows the name in a sample of a histogram. */
  suffix?: "_bucket" | "_sum" | "_count";
  value: number;
}

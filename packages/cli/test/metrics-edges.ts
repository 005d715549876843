import type { AlertName } from "../src/lib/metrics/alerts.ts";

interface Edge {
  alert: AlertName;
  /** How far the values are apart. */
  interval?: "10m";
  /** Values by series, from the first minute on, as `promtool test rules` writes them. 1x5 are six values. */
  series: Readonly<Record<string, string>>;
  /** No alert fires then. */
  quiet: readonly string[];
  /** Only this alert fires then. */
  firing: readonly string[];
}

const edgesOf: readonly Edge[] = [
  {
    alert: "SockactAppFailed",
    series: {
      'sockact_app_state{app="shop",state="failed"}': "0x5 1x20",
      'sockact_app_up{app="shop"}': "1x5 0x20",
    },
    quiet: ["5m", "6m"],
    firing: ["7m", "20m"],
  },
  {
    alert: "SockactAppDown",
    series: {
      'sockact_app_state{app="shop",state="failed"}': "0x25",
      'sockact_app_state{app="shop",state="stopped"}': "0x5 1x20",
      'sockact_app_up{app="shop"}': "1x5 0x20",
      'sockact_socket_listening{app="shop",socket="shop.socket",address="[::]:80"}': "1x5 0x20",
    },
    quiet: ["10m"],
    firing: ["11m", "20m"],
  },
  {
    alert: "SockactStartHangs",
    series: {
      'sockact_app_state{app="shop",state="starting"}': "0x5 1x30",
      'sockact_app_up{app="shop"}': "1x5 0x30",
    },
    quiet: ["20m"],
    firing: ["21m", "30m"],
  },
  {
    alert: "SockactSocketNotListening",
    series: {
      'sockact_app_up{app="shop"}': "1x25",
      'sockact_socket_listening{app="shop",socket="shop.socket",address="[::]:80"}': "1x25",
      'sockact_socket_listening{app="shop",socket="admin.socket",address="[::]:81"}': "1x5 0x20",
    },
    quiet: ["10m"],
    firing: ["11m"],
  },
  {
    alert: "SockactStartsFail",
    series: {
      'sockact_failed_starts_total{app="shop"}': "0x10 1 2 3 3x10",
      'sockact_failed_starts_total{app="blog"}': "0x10 1 2 2x11",
      'sockact_app_up{app="shop"}': "1x30",
      'sockact_app_up{app="blog"}': "1x30",
    },
    quiet: ["12m", "14m"],
    firing: ["15m", "18m"],
  },
  {
    alert: "SockactStartsFail",
    series: {
      'sockact_failed_starts_total{app="shop"}': "0x10 1x20",
      'sockact_app_up{app="shop"}': "1x10 0x20",
      'sockact_restarts_total{app="shop",reason="failure"}': "0x10 1x20",
    },
    quiet: ["12m"],
    firing: ["13m", "20m"],
  },
  {
    alert: "SockactAppCrashes",
    series: {
      'sockact_crashes_total{app="shop"}': "0x30 1x9 2x9 3x5",
      'sockact_crashes_total{app="blog"}': "0x30 1x9 2x15",
    },
    quiet: ["50m"],
    firing: ["51m", "55m"],
  },
  {
    alert: "SockactWakesSlow",
    series: {
      'sockact_wake_duration_seconds_bucket{app="shop",le="2.5"}': "0x60",
      'sockact_wake_duration_seconds_bucket{app="shop",le="5"}': "0x10 1x9 2x9 3x30",
      'sockact_wake_duration_seconds_bucket{app="shop",le="+Inf"}': "0x10 1x9 2x9 3x30",
      'sockact_wake_duration_seconds_count{app="shop"}': "0x10 1x9 2x9 3x30",
      'sockact_wake_duration_seconds_bucket{app="blog",le="2.5"}': "0x10 1x9 2x9 2x30",
      'sockact_wake_duration_seconds_bucket{app="blog",le="5"}': "0x10 1x9 2x9 3x30",
      'sockact_wake_duration_seconds_bucket{app="blog",le="+Inf"}': "0x10 1x9 2x9 3x30",
      'sockact_wake_duration_seconds_count{app="blog"}': "0x10 1x9 2x9 3x30",
    },
    quiet: ["30m"],
    firing: ["31m", "60m"],
  },
  {
    alert: "SockactAcceptQueueFull",
    series: {
      'sockact_accept_queue_limit{app="shop",socket="shop.socket"}': "100x25",
      'sockact_accept_queue_length{app="shop",socket="shop.socket",address="[::]:80"}': "80x5 81x10",
    },
    quiet: ["5m", "6m"],
    firing: ["7m"],
  },
  {
    alert: "SockactAppBlocked",
    series: {
      'sockact_app_state{app="shop",state="awake"}': "1x25",
      'sockact_app_state{app="shop",state="starting"}': "0x25",
      'sockact_accept_queue_limit{app="shop",socket="shop.socket"}': "100x25",
      'sockact_accept_queue_length{app="shop",socket="shop.socket",address="[::]:80"}': "0 1 0 1 1 1x20",
    },
    quiet: ["2m", "7m"],
    firing: ["9m"],
  },
  {
    alert: "SockactHandoverFailed",
    series: {
      'sockact_handovers_total{app="shop",result="success"}': "0 1 2 3 3x30",
      'sockact_handovers_total{app="shop",result="failure"}': "0x5 1x40",
    },
    quiet: ["5m", "30m"],
    firing: ["6m", "15m"],
  },
  {
    alert: "SockactReloadFailed",
    series: {
      'sockact_reloads_total{app="shop",result="success"}': "0 1 2 3 3x30",
      'sockact_reloads_total{app="shop",result="failure"}': "0x5 1x40",
    },
    quiet: ["5m", "30m"],
    firing: ["6m", "15m"],
  },
  {
    alert: "SockactConnectionsCut",
    series: { 'sockact_connections_cut_total{app="shop"}': "0x5 1x40" },
    quiet: ["5m", "30m"],
    firing: ["6m", "15m"],
  },
  {
    alert: "SockactAppUnhealthy",
    series: {
      'sockact_app_healthy{app="shop"}': "1x5 0x20",
      'sockact_app_healthy{app="blog"}': "1x5 0x20",
      'sockact_app_drained{app="blog"}': "0x5 1x20",
    },
    quiet: ["10m"],
    firing: ["11m"],
  },
  {
    alert: "SockactAppDrained",
    series: {
      'sockact_app_drained{app="shop"}': "0x5 1x80",
      'sockact_app_healthy{app="shop"}': "1x5 0x80",
    },
    quiet: ["65m"],
    firing: ["66m"],
  },
  {
    alert: "SockactProxyHeadersRejected",
    series: {
      'sockact_connections_rejected_total{app="shop"}': "0x5 9x4 10x30",
      'sockact_connections_rejected_total{app="blog"}': "0x5 9x40",
    },
    quiet: ["10m", "30m"],
    firing: ["11m", "15m"],
  },
  {
    alert: "SockactCertificateExpires",
    // The clock begins at 0.
    series: {
      [`sockact_certificate_expiry_timestamp_seconds{app="shop",certificate="shop.example.org"}`]: `${21 * 86_400 + 30 * 60}x120`,
      [`sockact_certificate_expiry_timestamp_seconds{app="blog",certificate="blog.example.org"}`]: `${22 * 86_400}x120`,
    },
    quiet: ["90m"],
    firing: ["91m"],
  },
  {
    alert: "SockactCertificateExpired",
    series: {
      'sockact_certificate_expiry_timestamp_seconds{app="shop",certificate="shop.example.org"}': "600x20",
    },
    quiet: ["9m"],
    firing: ["10m"],
  },
  {
    alert: "SockactMemoryGrows",
    interval: "10m",
    series: {
      'sockact_last_start_timestamp_seconds{app="shop"}': "0x310",
      'sockact_memory_bytes{app="shop"}': "200000000x288 301000000x20",
      // Below 200 MB.
      'sockact_last_start_timestamp_seconds{app="blog"}': "0x310",
      'sockact_memory_bytes{app="blog"}': "100000000x288 190000000x20",
      // It was restarted in between.
      'sockact_last_start_timestamp_seconds{app="wiki"}': "0x287 172800x20",
      'sockact_memory_bytes{app="wiki"}': "200000000x288 301000000x20",
    },
    quiet: ["3000m"],
    firing: ["3010m"],
  },
  {
    alert: "SockactCountersLost",
    series: {
      'sockact_counters_created_timestamp_seconds{instance="a"}': "100 160 220x9 290x9",
      'sockact_counters_created_timestamp_seconds{instance="b"}': "100 160 220x20",
    },
    quiet: ["11m"],
    firing: ["12m"],
  },
  {
    alert: "SockactCountersMissing",
    series: {
      'sockact_build_info{job="sockact",instance="a",version="1.0.0"}': "1x30",
      'sockact_counters_created_timestamp_seconds{job="sockact",instance="a"}': "100x5 stale _x24",
      'sockact_build_info{job="sockact",instance="b",version="1.0.0"}': "1x30",
      'sockact_counters_created_timestamp_seconds{job="sockact",instance="b"}': "100x30",
    },
    quiet: ["15m"],
    firing: ["16m"],
  },
  {
    alert: "SockactMetricsMissing",
    interval: "10m",
    series: {
      // The endpoint does not answer. Root writes a file with other metrics once an hour.
      'up{job="sockact",instance="a:9464"}': "1x5 0x160",
      'sockact_build_info{job="sockact",instance="a:9464",version="1.0.0"}': "1x5 stale _x160",
      'sockact_counters_created_timestamp_seconds{job="sockact",instance="a:9464"}': "1x5 stale _x160",
      'up{job="node",instance="a:9100"}': "1x165",
      'sockact_build_info{job="node",instance="a:9100",version="1.0.0"}': "1x165",
      'sockact_counters_created_timestamp_seconds{job="node",instance="a:9100"}': "1x165",
      // A new version.
      'up{job="sockact",instance="b:9464"}': "1x165",
      'sockact_build_info{job="sockact",instance="b:9464",version="1.0.0"}': "1x5 stale _x160",
      'sockact_counters_created_timestamp_seconds{job="sockact",instance="b:9464"}': "1x165",
      'sockact_build_info{job="sockact",instance="b:9464",version="1.0.1"}': "_x5 1x160",
      // From the endpoint to the file: the target is no longer in prometheus.yml.
      'up{job="sockact",instance="c:9464"}': "1x5 stale _x160",
      'sockact_build_info{job="sockact",instance="c:9464",version="1.0.0"}': "1x5 stale _x160",
      'sockact_counters_created_timestamp_seconds{job="sockact",instance="c:9464"}': "1x5 stale _x160",
      // From the file to the endpoint.
      'up{job="node",instance="localhost:9100"}': "1x165",
      'sockact_build_info{job="node",instance="localhost:9100",version="1.0.0"}': "1x5 stale _x160",
      'sockact_counters_created_timestamp_seconds{job="node",instance="localhost:9100"}': "1x5 stale _x160",
      'up{job="sockact",instance="localhost:9464"}': "_x5 1x160",
      'sockact_build_info{job="sockact",instance="localhost:9464",version="1.0.0"}': "_x5 1x160",
      'sockact_counters_created_timestamp_seconds{job="sockact",instance="localhost:9464"}': "_x5 1x160",
    },
    quiet: ["60m"],
    firing: ["70m", "1500m"],
  },
  {
    alert: "SockactMetricsMissing",
    // It has never answered.
    series: { 'up{job="sockact",instance="new:9464"}': "0x30" },
    quiet: ["9m"],
    firing: ["11m"],
  },
  {
    alert: "SockactMetricsMissing",
    interval: "10m",
    series: {
      // The file is gone.
      'up{job="node",instance="a"}': "1x165",
      'sockact_build_info{job="node",instance="a",version="1.0.0"}': "1x5 stale _x160",
      'sockact_counters_created_timestamp_seconds{job="node",instance="a"}': "1x5 stale _x160",
      'sockact_build_info{job="node",instance="b",version="1.0.0"}': "1x165",
      'sockact_counters_created_timestamp_seconds{job="node",instance="b"}': "1x165",
    },
    quiet: ["60m", "1500m"],
    firing: ["70m", "1480m"],
  },
  {
    alert: "SockactMetricsStale",
    series: {
      'node_textfile_mtime_seconds{file="/var/lib/prometheus/node-exporter/sockact.prom"}': "0x20",
      'node_textfile_mtime_seconds{file="/var/lib/prometheus/node-exporter/apt.prom"}': "0x20",
    },
    quiet: ["15m"],
    firing: ["16m"],
  },
];

const query = 'count by (alertname) (ALERTS{alertstate="firing"})';

/**
 * The tests of all alerts, for `promtool test rules`, one file for each interval. Each one also says that no
 * other alert fires.
 */
export const edges = (["1m", "10m"] as const).map((evaluation) => ({
  rule_files: ["rules.yml"],
  evaluation_interval: evaluation,
  tests: edgesOf
    .filter(({ interval = "1m" }) => interval === evaluation)
    .map(({ alert, series, quiet, firing }) => ({
      name: alert,
      interval: evaluation,
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        ...quiet.map((time) => ({ expr: query, eval_time: time, exp_samples: [] })),
        ...firing.map((time) => ({
          expr: query,
          eval_time: time,
          exp_samples: [{ labels: `{alertname="${alert}"}`, value: 1 }],
        })),
      ],
    })),
}));

/** The alerts whose edges are tested. */
export const testedAlerts: ReadonlySet<AlertName> = new Set(edgesOf.map(({ alert }) => alert));

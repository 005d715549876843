import { STATES } from "./catalog.ts";
import { type Expression, promql } from "./promql.ts";

/** A panel of the dashboard. */
export interface DashboardPanel {
  title: string;
  description?: string;
  type: "timeseries" | "state-timeline" | "stat" | "table";
  /** The unit of the values, as Grafana names it. */
  unit?: string;
  /** The text of each value. */
  texts?: Readonly<Record<number, { text: string; color: string }>>;
  /** By their legends. */
  queries: Readonly<Record<string, Expression>>;
  /** Of 24. */
  width: number;
}

const app = "{{instance}} {{app}}";

const colours: Record<(typeof STATES)[number], string> = {
  awake: "green",
  asleep: "blue",
  starting: "yellow",
  restarting: "orange",
  draining: "purple",
  failed: "red",
  stopped: "dark-red",
  "not loaded": "dark-red",
};

/** The number of the state, because a timeline needs one series for each app. */
const stateNumber: Expression = {
  series: ["sockact_app_state"],
  text: () =>
    `sum without (state) (${STATES.map((state, index) => `sockact_app_state{$selected, state="${state}"} * ${index}`).join(" or ")})`,
};

const yes = { text: "yes", color: "green" };
const no = { text: "no", color: "red" };

/** The panels of each row. `$selected` stands for the chosen hosts and apps. */
export const rows: Readonly<Record<string, readonly DashboardPanel[]>> = {
  "What needs attention": [
    {
      title: "Apps by state",
      type: "stat",
      queries: { "{{state}}": promql`sum by (state) (${"sockact_app_state"}{$selected}) > 0` },
      width: 8,
    },
    {
      title: "Apps that answer",
      description: "An app that sleeps answers: the next connection starts it.",
      type: "stat",
      unit: "percentunit",
      queries: { up: promql`avg(${"sockact_app_up"}{$selected})` },
      width: 4,
    },
    {
      title: "Firing alerts",
      description: "The rules of sockact metrics rules, as Prometheus has evaluated them.",
      type: "state-timeline",
      texts: { 1: { text: "firing", color: "red" } },
      queries: {
        "{{alertname}} {{instance}} {{app}}": {
          series: [],
          text: () => 'ALERTS{alertname=~"Sockact.*", alertstate="firing"}',
        },
      },
      width: 12,
    },
  ],
  State: [
    {
      title: "State of each app",
      type: "state-timeline",
      texts: Object.fromEntries(
        STATES.map((state, index) => [index, { text: state, color: colours[state] }]),
      ),
      queries: { [app]: stateNumber },
      width: 24,
    },
    {
      title: "Sockets that listen",
      type: "state-timeline",
      texts: { 0: no, 1: yes },
      queries: { [`${app} {{address}}`]: promql`${"sockact_socket_listening"}{$selected}` },
      width: 8,
    },
    {
      title: "Healthy",
      description: "The last answer of the app to a probe.",
      type: "state-timeline",
      texts: { 0: no, 1: yes },
      queries: { [app]: promql`${"sockact_app_healthy"}{$selected}` },
      width: 8,
    },
    {
      title: "Drained",
      type: "state-timeline",
      texts: { 0: { text: "no", color: "green" }, 1: { text: "drained", color: "purple" } },
      queries: { [app]: promql`${"sockact_app_drained"}{$selected}` },
      width: 8,
    },
  ],
  Sleep: [
    {
      title: "Wakes",
      type: "timeseries",
      queries: { [app]: promql`increase(${"sockact_wakes_total"}{$selected}[$__rate_interval])` },
      width: 8,
    },
    {
      title: "Duration of wakes",
      description: "The client that wakes the app waits this long.",
      type: "timeseries",
      unit: "s",
      queries: {
        [`${app} median`]: promql`histogram_quantile(0.5, sum by (instance, app, le) (rate(${"sockact_wake_duration_seconds_bucket"}{$selected}[$__rate_interval])))`,
        [`${app} 95 %`]: promql`histogram_quantile(0.95, sum by (instance, app, le) (rate(${"sockact_wake_duration_seconds_bucket"}{$selected}[$__rate_interval])))`,
      },
      width: 8,
    },
    {
      title: "Time asleep",
      type: "timeseries",
      unit: "percentunit",
      queries: { [app]: promql`rate(${"sockact_asleep_seconds_total"}{$selected}[$__rate_interval])` },
      width: 8,
    },
  ],
  Clients: [
    {
      title: "Open connections",
      type: "timeseries",
      queries: { [app]: promql`${"sockact_connections"}{$selected}` },
      width: 8,
    },
    {
      title: "Accept queue, and its limit",
      description: "Connections that wait for the app. Above the limit, the kernel drops them.",
      type: "timeseries",
      queries: {
        [`${app} {{address}}`]: promql`${"sockact_accept_queue_length"}{$selected}`,
        [`${app} limit of {{socket}}`]: promql`${"sockact_accept_queue_limit"}{$selected}`,
      },
      width: 8,
    },
    {
      title: "Cut and rejected connections",
      description:
        "Cut: still in use after drainTimeout. Rejected: their PROXY header is missing or not valid.",
      type: "timeseries",
      queries: {
        [`${app} cut`]: promql`increase(${"sockact_connections_cut_total"}{$selected}[$__rate_interval])`,
        [`${app} rejected`]: promql`increase(${"sockact_connections_rejected_total"}{$selected}[$__rate_interval])`,
      },
      width: 8,
    },
  ],
  "Starts and failures": [
    {
      title: "Starts",
      type: "timeseries",
      queries: { [app]: promql`increase(${"sockact_starts_total"}{$selected}[$__rate_interval])` },
      width: 8,
    },
    {
      title: "Restarts",
      type: "timeseries",
      queries: {
        [`${app} {{reason}}`]: promql`increase(${"sockact_restarts_total"}{$selected}[$__rate_interval])`,
      },
      width: 8,
    },
    {
      title: "Failed starts and crashes",
      type: "timeseries",
      queries: {
        [`${app} failed start`]: promql`increase(${"sockact_failed_starts_total"}{$selected}[$__rate_interval])`,
        [`${app} crash`]: promql`increase(${"sockact_crashes_total"}{$selected}[$__rate_interval])`,
      },
      width: 8,
    },
  ],
  "Reloads and handovers": [
    {
      title: "Reloads and handovers",
      type: "timeseries",
      queries: {
        [`${app} reload {{result}}`]: promql`increase(${"sockact_reloads_total"}{$selected}[$__rate_interval])`,
        [`${app} handover {{result}}`]: promql`increase(${"sockact_handovers_total"}{$selected}[$__rate_interval])`,
      },
      width: 8,
    },
    {
      title: "Mean duration of reloads and handovers",
      type: "timeseries",
      unit: "s",
      queries: {
        [`${app} reload`]: promql`rate(${"sockact_reload_duration_seconds_sum"}{$selected}[$__rate_interval]) / (rate(${"sockact_reload_duration_seconds_count"}{$selected}[$__rate_interval]) > 0)`,
        [`${app} handover`]: promql`rate(${"sockact_handover_duration_seconds_sum"}{$selected}[$__rate_interval]) / (rate(${"sockact_handover_duration_seconds_count"}{$selected}[$__rate_interval]) > 0)`,
      },
      width: 8,
    },
    {
      title: "Connections moved by handovers",
      type: "timeseries",
      queries: {
        [app]: promql`increase(${"sockact_connections_moved_total"}{$selected}[$__rate_interval])`,
      },
      width: 8,
    },
  ],
  Resources: [
    {
      title: "Memory",
      type: "timeseries",
      unit: "bytes",
      queries: { [app]: promql`${"sockact_memory_bytes"}{$selected}` },
      width: 8,
    },
    {
      title: "Processors",
      description: "1 is one processor.",
      type: "timeseries",
      queries: { [app]: promql`rate(${"sockact_cpu_seconds_total"}{$selected}[$__rate_interval])` },
      width: 8,
    },
    {
      title: "Certificates: time left",
      type: "stat",
      unit: "s",
      queries: {
        [`${app} {{certificate}}`]: promql`${"sockact_certificate_expiry_timestamp_seconds"}{$selected} - time()`,
      },
      width: 8,
    },
    {
      title: "Metrics of the apps: age",
      type: "stat",
      unit: "s",
      queries: {
        [app]: promql`time() - ${"sockact_app_metrics_timestamp_seconds"}{$selected}`,
      },
      width: 8,
    },
  ],
  Units: [
    {
      title: "Apps",
      type: "table",
      queries: { [app]: promql`${"sockact_app_info"}{$selected}` },
      width: 8,
    },
    {
      title: "Since the last start",
      type: "stat",
      unit: "s",
      queries: { [app]: promql`time() - ${"sockact_last_start_timestamp_seconds"}{$selected}` },
      width: 8,
    },
    {
      title: "Version of sockact",
      type: "stat",
      queries: {
        "{{version}}": promql`count by (version) (${"sockact_build_info"}{instance=~"$host"})`,
      },
      width: 4,
    },
    {
      title: "Time to read the metrics",
      type: "timeseries",
      unit: "s",
      queries: { "{{instance}}": promql`${"sockact_collect_duration_seconds"}{instance=~"$host"}` },
      width: 4,
    },
  ],
};

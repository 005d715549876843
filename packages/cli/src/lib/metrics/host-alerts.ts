import type { Alert } from "./alert.ts";
import { promql } from "./promql.ts";

/** The alerts about the metrics of a host: if one of them fires, others may not. */
export const hostAlerts = {
  SockactCountersLost: {
    expression: promql`changes(${"sockact_counters_created_timestamp_seconds"}[${"1h"}]) >= 3`,
    for: "0s",
    severity: "warning",
    summary: "The counters of {{ $labels.instance }} begin again and again",
    description:
      "sockact metrics can't keep its counters between two scrapes, so alerts on counters miss events.",
    command: "sudo npx sockact doctor sockact-metrics",
    page: "metrics",
    reason:
      "The counters begin again at a boot, and when the journal was deleted. Three times in an hour, the state file can't be written: the disk may be full.",
  },
  SockactCountersMissing: {
    expression: promql`${"sockact_build_info"}
      unless ignoring (version) ${"sockact_counters_created_timestamp_seconds"}`,
    for: "10m",
    severity: "warning",
    summary: "{{ $labels.instance }} has no counters",
    description: "sockact metrics may not read the journal, so no alert on a counter of this host can fire.",
    command: "sudo npx sockact logs sockact-metrics",
    page: "metrics",
    reason:
      "The service of sockact metrics install is in the group systemd-journal. Ten minutes survive an upgrade that changes it.",
  },
  SockactMetricsMissing: {
    // `metrics install` prints the job `sockact`. A target that is no longer in prometheus.yml has no `up`. One
    // that answers without these metrics is a node_exporter: then another job of the same host may have them.
    expression: promql`group by (job, instance) (up{job="sockact"} == 0)
      or group by (job, instance) (present_over_time(${"sockact_build_info"}[${"1d"}]))
      unless group by (job, instance) (${"sockact_build_info"})
      and on (job, instance) (up == 0 or label_replace(up, "host", "$1", "instance", "(.*?)(:[0-9]+)?")
        unless on (host) label_replace(${"sockact_build_info"}, "host", "$1", "instance", "(.*?)(:[0-9]+)?"))`,
    for: "10m",
    severity: "critical",
    summary: "{{ $labels.instance }} has no metrics of sockact",
    description:
      "The host has never had them, or has none now: it is down, the endpoint does not answer, or the file is gone. No other alert of this host can fire.",
    command: "sudo npx sockact doctor sockact-metrics",
    page: "metrics",
    reason:
      "Ten minutes survive a reboot and an upgrade. If you have removed the host, or have changed from the endpoint to the file, remove its target from prometheus.yml: that ends the alert.",
  },
  SockactMetricsStale: {
    expression: promql`time() - node_textfile_mtime_seconds{file=~".*/sockact[^/]*[.]prom"} > 600`,
    for: "5m",
    severity: "critical",
    summary: "The metrics of {{ $labels.instance }} are old",
    description:
      "The file for the textfile collector of node_exporter is {{ $value | humanizeDuration }} old, so all metrics of sockact show an earlier state.",
    command: "sudo npx sockact doctor sockact-metrics",
    page: "metrics",
    reason:
      "The timer writes the file every 30 seconds. With a longer `--every`, raise the threshold to several times its length.",
  },
} as const satisfies Record<string, Alert>;

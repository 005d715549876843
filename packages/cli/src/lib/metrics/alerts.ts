import type { Alert } from "./alert.ts";
import { hostAlerts } from "./host-alerts.ts";
import { promql } from "./promql.ts";

const doctor = "sudo npx sockact doctor {{ $labels.app }}";
const status = "npx sockact status {{ $labels.app }}";
const logs = "sudo npx sockact logs {{ $labels.app }}";

/** All alerts. At most one of them fires for one fault: the more exact one excludes the others. */
export const alerts = {
  SockactAppFailed: {
    expression: promql`${"sockact_app_state"}{state="failed"} == 1`,
    for: "1m",
    severity: "critical",
    summary: "{{ $labels.app }} has failed",
    description: "The service or one of its sockets has failed. systemd does not start it again by itself.",
    command: doctor,
    page: "operate#what-do-the-states-mean",
    reason: "systemd has given up. One minute leaves time for a person who restarts it right now.",
  },
  SockactAppDown: {
    expression: promql`${"sockact_app_up"} == 0
      unless ignoring (state) ${"sockact_app_state"}{state=~"failed|starting"} == 1
      unless increase(${"sockact_failed_starts_total"}[${"10m"}]) > 0
      unless increase(${"sockact_crashes_total"}[${"30m"}]) >= 3`,
    for: "5m",
    severity: "critical",
    summary: "{{ $labels.app }} is down",
    description:
      "The app has answered no new client for five minutes. It is stopped, its units do not load, or it drains for very long.",
    command: status,
    page: "operate#what-do-the-states-mean",
    reason:
      "Nothing has failed, so somebody has stopped the app. Five minutes are longer than a deployment that stops it.",
  },
  SockactStartHangs: {
    expression: promql`${"sockact_app_state"}{state="starting"} == 1
      unless ignoring (state) increase(${"sockact_failed_starts_total"}[${"10m"}]) > 0`,
    for: "15m",
    severity: "critical",
    summary: "{{ $labels.app }} does not become ready",
    description: "The app has been starting for a quarter of an hour. Its clients wait.",
    command: logs,
    page: "troubleshooting",
    reason:
      "By default, systemd ends a start after 90 seconds, which is a failed start. Only with a longer TimeoutStartSec= does a start hang, and with `infinity`, it hangs forever.",
  },
  SockactSocketNotListening: {
    expression: promql`${"sockact_socket_listening"} == 0
      unless ignoring (socket, address) ${"sockact_app_up"} == 0`,
    for: "5m",
    severity: "critical",
    summary: "{{ $labels.app }} does not listen on {{ $labels.address }}",
    description:
      "The app is up, but one of its addresses is closed: the clients of {{ $labels.socket }} are refused.",
    command: doctor,
    page: "sockets",
    reason: "A socket is closed for a moment when its unit is restarted, and not for five minutes.",
  },
  SockactStartsFail: {
    expression: promql`(increase(${"sockact_failed_starts_total"}[${"10m"}]) >= 3
      or increase(${"sockact_failed_starts_total"}[${"10m"}]) > 0 and ${"sockact_app_up"} == 0)
      unless ignoring (state) ${"sockact_app_state"}{state="failed"} == 1`,
    for: "2m",
    severity: "critical",
    summary: "{{ $labels.app }} does not start",
    description:
      'The app has failed to start {{ $value | printf "%.0f" }} times in ten minutes. Its clients wait, and get no answer until a start succeeds.',
    command: doctor,
    page: "troubleshooting",
    reason:
      "One failed start can be a database that is not there yet. After three in ten minutes, or after two minutes without a start that succeeds, it is a version that can't start.",
  },
  SockactAppCrashes: {
    expression: promql`increase(${"sockact_crashes_total"}[${"30m"}]) >= 3
      unless ignoring (state) ${"sockact_app_state"}{state="failed"} == 1`,
    for: "0s",
    severity: "critical",
    summary: "{{ $labels.app }} crashes again and again",
    description:
      'The app has crashed {{ $value | printf "%.0f" }} times in half an hour, after it was ready. systemd starts it again, and requests under way are lost each time.',
    command: doctor,
    page: "troubleshooting",
    reason:
      "One crash is repaired by the restart: look at it in the dashboard. Three in half an hour have one cause, such as a request that ends the process.",
  },
  SockactWakesSlow: {
    expression: promql`histogram_quantile(0.5, increase(${"sockact_wake_duration_seconds_bucket"}[${"1h"}])) > 2.5
      and increase(${"sockact_wake_duration_seconds_count"}[${"1h"}]) >= 3`,
    for: "0s",
    severity: "warning",
    summary: "{{ $labels.app }} wakes slowly",
    description:
      "Half of the wakes of the last hour took more than {{ $value | humanizeDuration }}. The client that wakes the app waits that long.",
    command: status,
    page: "sleep",
    reason:
      "Node and a sandbox need about a second. After 2.5 s a visitor notices. The median of at least three wakes ignores the first one after a boot, when the disk is cold.",
  },
  SockactAcceptQueueFull: {
    expression: promql`${"sockact_accept_queue_length"}
      / ignoring (address) group_left () ${"sockact_accept_queue_limit"} > 0.8`,
    for: "1m",
    severity: "critical",
    summary: "The accept queue of {{ $labels.app }} is nearly full",
    description:
      "{{ $value | humanizePercentage }} of the connections that may wait for {{ $labels.address }} do wait. The kernel drops what is above the limit.",
    command: doctor,
    page: "sockets",
    reason:
      "A queue fills for a moment while the app starts. An app that accepts empties it in milliseconds, so a queue that is full for a minute belongs to a blocked or overloaded process.",
  },
  SockactAppBlocked: {
    expression: promql`${"sockact_accept_queue_length"} > 0
      and ignoring (socket, address, state) ${"sockact_app_state"}{state="awake"} == 1
      unless ${"sockact_accept_queue_length"}
        / ignoring (address) group_left () ${"sockact_accept_queue_limit"} > 0.8`,
    for: "5m",
    severity: "critical",
    summary: "{{ $labels.app }} accepts no clients",
    description:
      "The app runs, and for five minutes connections to {{ $labels.address }} have waited whenever somebody looked.",
    command: doctor,
    page: "troubleshooting",
    reason:
      "An app accepts within milliseconds, even under load. After five minutes, a loop without end or a slow regular expression blocks it. With `watchdogSec`, systemd restarts it by itself.",
  },
  SockactHandoverFailed: {
    expression: promql`increase(${"sockact_handovers_total"}{result="failure"}[${"15m"}]) > 0`,
    for: "0s",
    severity: "warning",
    summary: "A handover of {{ $labels.app }} has failed",
    description: "The new version did not take over. The old version keeps serving.",
    command: doctor,
    page: "handover",
    reason:
      "A handover fails only if the new version does. Clients notice nothing, so nobody sees it without this alert.",
  },
  SockactReloadFailed: {
    expression: promql`increase(${"sockact_reloads_total"}{result="failure"}[${"15m"}]) > 0`,
    for: "0s",
    severity: "warning",
    summary: "A reload of {{ $labels.app }} has failed",
    description: "The app keeps running with its old settings or certificates.",
    command: doctor,
    page: "lifecycle",
    reason: "A renewed certificate that was not loaded is noticed only when the old one expires.",
  },
  SockactConnectionsCut: {
    expression: promql`increase(${"sockact_connections_cut_total"}[${"15m"}]) > 0`,
    for: "0s",
    severity: "warning",
    summary: "{{ $labels.app }} has cut connections",
    description:
      '{{ $value | printf "%.0f" }} connections were in use when drainTimeout was over. Their clients saw an error.',
    command: logs,
    page: "restarts",
    reason:
      "Each cut connection is a failed request or a broken download. A longer drainTimeout, or clients that reconnect, avoid it.",
  },
  SockactAppUnhealthy: {
    expression: promql`${"sockact_app_healthy"} == 0 unless ${"sockact_app_drained"} == 1`,
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.app }} is unhealthy",
    description: "The healthCheck of the app fails, so load balancers send it no clients.",
    command: logs,
    page: "health",
    reason:
      "A health check fails for a moment when a database restarts. With five minutes, it does not recover by itself.",
  },
  SockactAppDrained: {
    expression: promql`${"sockact_app_drained"} == 1`,
    for: "1h",
    severity: "warning",
    summary: "{{ $labels.app }} has been drained for an hour",
    description:
      "sockact drain has taken the app out of its load balancers. When the work is done, sockact undrain {{ $labels.app }} puts it back.",
    command: status,
    page: "drain",
    reason: "Work on a host takes minutes. After an hour, somebody has forgotten sockact undrain.",
  },
  SockactProxyHeadersRejected: {
    expression: promql`increase(${"sockact_connections_rejected_total"}[${"15m"}]) >= 10`,
    for: "0s",
    severity: "warning",
    summary: "{{ $labels.app }} rejects the connections of a load balancer",
    description:
      'The app has closed {{ $value | printf "%.0f" }} connections in 15 minutes, because their PROXY header is missing or not valid, or their sender is not in `from`.',
    command: doctor,
    page: "proxy-protocol",
    reason:
      "A port scanner makes a few of them. A load balancer that sends no header, or the wrong one, makes one for each client.",
  },
  SockactCertificateExpires: {
    expression: promql`${"sockact_certificate_expiry_timestamp_seconds"} - time() < 21 * 86400
      and ${"sockact_certificate_expiry_timestamp_seconds"} > time()`,
    for: "1h",
    severity: "warning",
    summary: "The certificate of {{ $labels.app }} expires in {{ $value | humanizeDuration }}",
    description: "{{ $labels.certificate }} has not been renewed.",
    command: doctor,
    page: "tls",
    reason:
      "Caddy and certbot renew a certificate of 90 days when a third of it is left, so at 21 days they have failed for nine days. With shorter certificates, lower the threshold.",
  },
  SockactCertificateExpired: {
    expression: promql`${"sockact_certificate_expiry_timestamp_seconds"} <= time()`,
    for: "0s",
    severity: "critical",
    summary: "The certificate of {{ $labels.app }} has expired",
    description: "Clients refuse {{ $labels.certificate }}.",
    command: doctor,
    page: "tls",
    reason: "There is nothing to wait for: every client fails.",
  },
  SockactMemoryGrows: {
    expression: promql`min_over_time(${"sockact_memory_bytes"}[${"1h"}])
      > 1.5 * min_over_time(${"sockact_memory_bytes"}[${"1h"}] offset ${"1d"})
      and min_over_time(${"sockact_memory_bytes"}[${"1h"}]) > 200e6
      and time() - ${"sockact_last_start_timestamp_seconds"} > 2 * 86400`,
    for: "1h",
    severity: "warning",
    summary: "The memory of {{ $labels.app }} grows",
    description:
      "The app has never needed less than {{ $value | humanize1024 }}B in the last hour, and half as much again as a day ago. It has not been restarted in between.",
    command: status,
    page: "operate",
    reason:
      "Garbage collection moves the memory of Node up and down, so only the smallest value of an hour says something, and only in a process that was warm a day ago. Below 200 MB, a cache that fills looks the same. An app that sleeps or restarts every other day never fires.",
  },
  ...hostAlerts,
} as const satisfies Record<string, Alert>;

/** The name of an alert. */
export type AlertName = keyof typeof alerts;

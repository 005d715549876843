import type { Alert } from "../../../packages/cli/src/lib/metrics/alert.ts";
import { alerts } from "../../../packages/cli/src/lib/metrics/alerts.ts";
import { type Metric, metrics } from "../../../packages/cli/src/lib/metrics/catalog.ts";

/** The entries of all metrics. */
export function metricsList(): string {
  return Object.entries<Metric>(metrics)
    .map(([name, { type, help, labels, otel }]) => {
      const labelled =
        labels.length === 0 ? "" : ` Labels: ${labels.map((each) => `\`${each}\``).join(", ")}.`;
      return `- **\`${name}\`** (${type}, \`${otel}\`): ${code(help)}${labelled}`;
    })
    .join("\n");
}

/** The entries of all alerts of one severity, for an app that is called shop. */
function alertsOf(severity: Alert["severity"]): string {
  return Object.entries<Alert>(alerts)
    .filter(([, alert]) => alert.severity === severity)
    .map(([name, alert]) => {
      const [page, fragment] = alert.page.split("#");
      const link = `${page}.md${fragment === undefined ? "" : `#${fragment}`}`;
      return `- **[\`${name}\`](${link}):** ${code(shown(alert.summary))}. ${code(shown(alert.reason))} Look closer: \`${shown(alert.command)}\``;
    })
    .join("\n");
}

export const criticalAlerts = (): string => alertsOf("critical");
export const warningAlerts = (): string => alertsOf("warning");

const labels: Readonly<Record<string, string>> = {
  app: "shop",
  address: "an address",
  instance: "a host",
};

const shown = (text: string): string =>
  text
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? label)
    .replaceAll(/ in \{\{ \$value \| humanizeDuration \}\}/g, " soon")
    .replace(/^(?:an|a|the) /, (article) => article[0]!.toUpperCase() + article.slice(1));

/** Marks the names of options and variables, and values of labels, as code. */
const code = (text: string): string =>
  text.replaceAll(
    /(?<![`\w])(?:[a-z]+[A-Z]\w*|(?:\w+=)?"\w+"|sockact (?:status|drain|undrain))(?!`)/g,
    "`$&`",
  );

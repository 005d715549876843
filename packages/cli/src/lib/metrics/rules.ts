import { site } from "../shared/site.ts";
import { type Alert, alerts } from "./alerts.ts";
import { shorter } from "./promql.ts";

/** YAML's string in single quotes has only one character that needs another form. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The alerts as a file of rules for Prometheus, in YAML.
 *
 * @param faster divides all durations. Tests use it.
 */
export function rulesText(faster = 1): string {
  const rules = Object.entries<Alert>(alerts).map(([name, alert]) => [
    `      - alert: ${name}`,
    `        expr: ${quoted(alert.expression.text(faster))}`,
    ...(alert.for === "0s" ? [] : [`        for: ${shorter(alert.for, faster)}`]),
    `        labels:`,
    `          severity: ${alert.severity}`,
    `        annotations:`,
    `          summary: ${quoted(alert.summary)}`,
    `          description: ${quoted(alert.description)}`,
    `          command: ${quoted(alert.command)}`,
    `          runbook_url: ${quoted(site + alert.page)}`,
  ]);
  return [
    "# What sockact metrics rules prints",
    "groups:",
    "  - name: sockact",
    "    rules:",
    ...rules.flat(),
    "",
  ].join("\n");
}

import { site } from "../shared/site.ts";
import type { Alert } from "./alert.ts";
import { alerts } from "./alerts.ts";

/** YAML's string in single quotes has only one character that needs another form. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The alerts as a file of rules for Prometheus, in YAML. */
export function rulesText(): string {
  const rules = Object.entries<Alert>(alerts).map(([name, alert]) => [
    `      - alert: ${name}`,
    `        expr: ${quoted(alert.expression.text())}`,
    ...(alert.for === "0s" ? [] : [`        for: ${alert.for}`]),
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

import { byMetric } from "./by-metric.ts";
import { metrics, type Sample } from "./catalog.ts";

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

// Half a surrogate pair has no form in UTF-8.
const labelValue = (text: string): string =>
  text.replaceAll(/\p{Surrogate}/gu, "\u{FFFD}").replaceAll(/[\\\n"]/g, (character) => escapes[character]!);

const helpText = (text: string): string => text.replaceAll(/[\\\n]/g, (character) => escapes[character]!);

function valueText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function line({ metric, suffix, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${labelValue(text)}"`);
  const labelled = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${metric}${suffix ?? ""}${labelled} ${valueText(value)}\n`;
}

/**
 * The samples in Prometheus' text format, version 0.0.4. Each metric stands once, in the order of the
 * catalog, with its samples in the order in which they came.
 */
export function expositionText(samples: readonly Sample[]): string {
  return byMetric(samples)
    .flatMap(([name, own]) => {
      const { help, type } = metrics[name];
      return [`# HELP ${name} ${helpText(help)}\n# TYPE ${name} ${type}\n`, ...own.map(line)];
    })
    .join("");
}

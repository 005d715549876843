import { byMetric } from "./by-metric.ts";
import { metrics, type Sample } from "./catalog.ts";

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

/** The value of a label, with its escapes. Half a surrogate pair has no form in UTF-8. */
export function labelValue(text: string): string {
  // Almost all values are plain, and a metric has thousands.
  if (!/[\\\n"\uD800-\uDFFF]/.test(text)) return text;
  return text
    .replaceAll(/\p{Surrogate}/gu, "\u{FFFD}")
    .replaceAll(/[\\\n"]/g, (character) => escapes[character]!);
}

const helpText = (text: string): string => text.replaceAll(/[\\\n]/g, (character) => escapes[character]!);

/** The value of a sample. */
export function valueText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function line({ metric, suffix, labels, value }: Sample): string {
  let pairs = "";
  for (const name in labels) pairs += `${pairs === "" ? "{" : ","}${name}="${labelValue(labels[name]!)}"`;
  return `${metric}${suffix ?? ""}${pairs === "" ? "" : `${pairs}}`} ${valueText(value)}\n`;
}

/**
 * The samples in Prometheus' text format, version 0.0.4. Each metric stands once, in the order of the
 * catalog, with its samples in the order in which they came.
 */
export function expositionText(samples: readonly Sample[]): string {
  let text = "";
  for (const [name, own] of byMetric(samples)) {
    const { help, type } = metrics[name];
    text += `# HELP ${name} ${helpText(help)}\n# TYPE ${name} ${type}\n`;
    for (const sample of own) text += line(sample);
  }
  return text;
}

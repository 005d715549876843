type Type = "counter" | "gauge" | "histogram" | "summary" | "untyped";

/** The metrics of one name, of an app. */
interface Family {
  type: Type;
  /** With the escapes of the text format. */
  help: string | undefined;
}

/** The value of one series. */
export interface Series {
  /** The name of its family. */
  family: string;
  type: Type;
  /** Whether the value only grows while the process lives. */
  isCounter: boolean;
  value: number;
}

/** What an app has recorded. */
export interface AppText {
  families: ReadonlyMap<string, Family>;
  /** By name and labels, as they stand in the text format: `hits_total{path="/"}`. */
  series: ReadonlyMap<string, Series>;
}

/** The most series of one app. */
export const SERIES_MAX = 2000;

// sockact's own, and those that Prometheus adds to each scrape.
const reserved = /^(?:sockact_|scrape_|ALERTS|up\{)/;
const typeLine = /^# TYPE ([a-zA-Z_:][\w:]*) (\w+)$/;
const helpLine = /^# HELP ([a-zA-Z_:][\w:]*) ((?:[^\\]|\\[\\n])*)$/;
const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y;
// Each digit has one way to match: with two, a value of 200 kB would take a minute.
const number = /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+]?Inf|NaN)$/i;

/**
 * Reads metrics in Prometheus' text format, version 0.0.4. An app may be hostile: the result has only what
 * the format allows, without the timestamps and without the label `app`.
 *
 * @returns a string that says what is wrong, if a single line is not valid
 */
export function parseAppText(text: string): AppText | string {
  if (/[^\P{Cc}\n]/u.test(text)) return "it has control characters";
  const lines = text.split("\n");
  const families = new Map<string, Family>();
  const series = new Map<string, Series>();
  for (const [index, line] of lines.entries()) {
    const type = typeLine.exec(line);
    if (type === null) continue;
    if (families.has(type[1]!)) return `line ${index + 1} is a second TYPE of ${type[1]}`;
    families.set(type[1]!, { type: knownType(type[2]!), help: undefined });
  }
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("# HELP ")) {
      const help = helpLine.exec(line);
      if (help === null) return `line ${index + 1} is not valid`;
      const family = families.get(help[1]!);
      if (family !== undefined) family.help = help[2];
    }
    if (line === "" || line.startsWith("#")) continue;
    const sample = parseSample(line, families);
    if (sample === undefined) return `line ${index + 1} is not valid`;
    if (reserved.test(sample.key)) return `line ${index + 1} has a reserved name`;
    if (!families.has(sample.family)) families.set(sample.family, { type: "untyped", help: undefined });
    if (!series.has(sample.key)) series.set(sample.key, sample);
    if (series.size > SERIES_MAX) return `there are more than ${SERIES_MAX} series`;
  }
  return { families, series };
}

function knownType(type: string): Type {
  return type === "counter" || type === "gauge" || type === "histogram" || type === "summary"
    ? type
    : "untyped";
}

function parseSample(
  line: string,
  families: ReadonlyMap<string, Family>,
): (Series & { key: string }) | undefined {
  const [, name, labelText = "", valueText = ""] = sampleLine.exec(line) ?? [];
  const labels = parseLabels(labelText);
  const value = parseNumber(valueText);
  if (name === undefined || labels === undefined || value === undefined) return undefined;
  const [, base, suffix] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
  const baseType = base === undefined || families.has(name) ? undefined : families.get(base)?.type;
  const isPart = baseType === "histogram" || (baseType === "summary" && suffix !== "bucket");
  const family = isPart ? base! : name;
  const type = families.get(family)?.type ?? "untyped";
  // The limit of a bucket, or of a quantile, is a number.
  const limit = suffix === "bucket" ? "le" : "quantile";
  const hasLimit = type === "histogram" ? suffix === "bucket" : type === "summary" && !isPart;
  if (type === "histogram" && !isPart) return undefined;
  if (hasLimit && parseNumber(labels.get(limit) ?? "") === undefined) return undefined;
  labels.delete("app");
  const pairs = [...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, text]) => `${key}="${text}"`);
  const isCounter = type === "counter" || isPart;
  return { key: `${name}{${pairs.join(",")}}`, family, type, isCounter, value };
}

/** The values keep their escapes. Returns undefined if the text is not valid. */
function parseLabels(text: string): Map<string, string> | undefined {
  const labels = new Map<string, string>();
  label.lastIndex = 0;
  for (let end = 0; end < text.length; end = label.lastIndex) {
    const [, name, value] = label.exec(text) ?? [];
    // Prometheus uses names with two underscores itself: `__name__` would be the name of the metric.
    if (name === undefined || name.startsWith("__") || labels.has(name)) return undefined;
    labels.set(name, value!);
  }
  return labels;
}

/** Prometheus is written in Go, which refuses a number that is too large for its type. */
function parseNumber(text: string): number | undefined {
  if (!number.test(text)) return undefined;
  if (/inf/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  const value = Number(text);
  return Number.isFinite(value) || /nan/i.test(text) ? value : undefined;
}

import { metrics, type MetricName } from "./catalog.ts";

type Named<Type extends string> = {
  [Name in MetricName]: (typeof metrics)[Name]["type"] extends Type ? Name : never;
}[MetricName];

/** The name of a metric as queries use it. Those of a histogram have a suffix. */
export type Series = Named<"gauge" | "counter"> | `${Named<"histogram">}_${"bucket" | "sum" | "count"}`;

/** A duration of Prometheus, such as `15m`. */
export type Duration = `${number}${"s" | "m" | "h" | "d"}`;

/** A query. */
export interface Expression {
  readonly series: readonly Series[];
  /** The query, as PromQL. */
  text(): string;
}

const isDuration = (value: string): value is Duration => /^\d/.test(value);

/** A query of Prometheus. A name that is not in the catalog does not compile. */
export function promql(strings: TemplateStringsArray, ...values: readonly (Series | Duration)[]): Expression {
  return {
    series: values.filter((value): value is Series => !isDuration(value)),
    text: () => String.raw({ raw: strings.map((text) => text.replaceAll(/\s+/g, " ")) }, ...values).trim(),
  };
}

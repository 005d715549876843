import { metrics, type MetricName, type Sample } from "./catalog.ts";

/** The metrics that have samples, in the order of the catalog. */
export function byMetric(samples: readonly Sample[]): [name: MetricName, own: Sample[]][] {
  const grouped = new Map(Object.keys(metrics).map((name) => [name as MetricName, [] as Sample[]]));
  for (const sample of samples) grouped.get(sample.metric)!.push(sample);
  return [...grouped].filter(([, own]) => own.length > 0);
}

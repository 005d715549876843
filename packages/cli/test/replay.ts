// What Prometheus has recorded, for `promtool test rules`: at its own times, and then for hours as it was last.
import type { Recorded } from "./watched-host.ts";

/** How far the samples are apart, in seconds. */
const STEP = 5;
/** For how long the last values stay, in steps. */
const HELD = (2 * 3600) / STEP;

const seriesName = ({ __name__: name, ...labels }: Readonly<Record<string, string>>): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(",")}}`;

/**
 * The input of promtool, and how long what was recorded is, in seconds. All samples of a scrape have one time.
 *
 * @param state the `up` of the last scrape: a busy machine may fail one
 */
export function replayOf(recorded: readonly Recorded[], state: 0 | 1) {
  const up = recorded.find(({ metric }) => metric["__name__"] === "up")!.samples;
  const began = up[0]![0];
  const [ended] = up.findLast(([, value]) => value === state)!;
  const stepOf = (time: number) => Math.floor((time - began) / STEP);
  const last = stepOf(ended);
  const series = recorded.map(({ metric, samples: all }) => {
    const samples = all.filter(([time]) => time >= began && time <= ended);
    const values: string[] = Array<string>(last + 1).fill("_");
    for (const [time, value] of samples) values[stepOf(time)] = String(value);
    const [end, value] = samples.at(-1) ?? [0, 0];
    // The last scrape does not have it.
    const isGone = end !== ended;
    return {
      series: seriesName(metric),
      values: `${values.join(" ")} ${isGone ? "stale" : `${value}x${HELD}`}`,
    };
  });
  return { interval: `${STEP}s`, series, length: (last + 1) * STEP };
}

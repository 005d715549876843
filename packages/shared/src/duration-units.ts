/** The milliseconds of each unit in systemd.time(7). A month has 30.44 days, and a year 365.25. */
export const milliseconds: ReadonlyMap<string, number> = new Map(
  (
    [
      ["usec us µs μs", 0.001],
      ["msec ms", 1],
      ["seconds second sec s", 1000],
      ["minutes minute min m", 60_000],
      ["hours hour hr h", 3_600_000],
      ["days day d", 86_400_000],
      ["weeks week w", 604_800_000],
      ["months month M", 2_629_800_000],
      ["years year y", 31_557_600_000],
    ] as const
  ).flatMap(([names, size]) => names.split(" ").map((name) => [name, size] as const)),
);

/** The two durations that a number without a unit may mean. Undefined for any other value. */
export function withUnits(value: unknown, quote = "'"): string | undefined {
  const text = typeof value === "number" || typeof value === "string" ? String(value).trim() : "";
  return /^\d{1,9}(?:\.\d{1,6})?$/.test(text) && Number(text) > 0
    ? `${quote}${text}s${quote} for seconds, or ${quote}${text}ms${quote} for milliseconds`
    : undefined;
}

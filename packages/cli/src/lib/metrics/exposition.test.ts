import { expect, test } from "vitest";
import { expositionText } from "./exposition.ts";

test("each metric has its help and type once, with all its samples below", () => {
  const text = expositionText([
    { metric: "sockact_starts_total", labels: { app: "a" }, value: 1 },
    { metric: "sockact_app_up", labels: { app: "a" }, value: 1 },
    { metric: "sockact_starts_total", labels: { app: "b" }, value: 2 },
  ]);
  expect(text).toMatch(
    /^# HELP sockact_app_up .+\n# TYPE sockact_app_up gauge\nsockact_app_up\{app="a"\} 1\n# HELP sockact_starts_total .+\n# TYPE sockact_starts_total counter\nsockact_starts_total\{app="a"\} 1\nsockact_starts_total\{app="b"\} 2\n$/,
  );
});

test("quotes, backslashes and line breaks in a label are escaped, and everything else is as it was", () => {
  const hostile = 'a"b\\c\nd\\n} 1\nsockact_evil 1\u{1F600}\u2028\r\0\uD800';
  const text = expositionText([{ metric: "sockact_app_up", labels: { app: hostile }, value: 1 }]);
  expect(text.split("\n")).toHaveLength(4);
  const [, label] = /^sockact_app_up\{app="([^\n]*)"\} 1$/m.exec(text)!;
  const read = label!.replaceAll(/\\([^])/g, (_, character: string) =>
    character === "n" ? "\n" : character,
  );
  expect(read).toBe(hostile.replace("\uD800", "\uFFFD"));
});

test("a histogram has its buckets, its sum and its count; a value may be infinite", () => {
  const metric = "sockact_wake_duration_seconds";
  const text = expositionText([
    { metric, suffix: "_bucket", labels: { app: "a", le: "+Inf" }, value: 3 },
    { metric, suffix: "_sum", labels: { app: "a" }, value: 0.1 },
    { metric, suffix: "_count", labels: { app: "a" }, value: 3 },
    { metric: "sockact_collect_duration_seconds", labels: {}, value: Infinity },
    { metric: "sockact_collect_duration_seconds", labels: {}, value: NaN },
  ]);
  expect(text).toContain(
    `# TYPE ${metric} histogram\n${metric}_bucket{app="a",le="+Inf"} 3\n${metric}_sum{app="a"} 0.1\n${metric}_count{app="a"} 3\n`,
  );
  expect(text).toContain("\nsockact_collect_duration_seconds +Inf\nsockact_collect_duration_seconds NaN\n");
});

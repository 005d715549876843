import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Alert } from "./alert.ts";
import { alerts } from "./alerts.ts";
import { metrics } from "./catalog.ts";
import { dashboard } from "./dashboard.ts";
import { rows } from "./panels.ts";
import { promql } from "./promql.ts";

const all = Object.entries<Alert>(alerts);
const panels = Object.values(rows).flat();

describe("alerts and dashboard", () => {
  it("show each metric of the catalog", () => {
    const expressions = [
      ...all.map(([, { expression }]) => expression),
      ...panels.flatMap(({ queries }) => Object.values(queries)),
    ];
    const series = expressions.flatMap((expression) => [...expression.series]);
    const used = new Set(series.map((name) => name.replace(/_(?:bucket|sum|count)$/, "")));
    expect(Object.keys(metrics).filter((name) => !used.has(name))).toEqual([]);
  });

  it("name only metrics of the catalog: anything else does not compile", () => {
    // @ts-expect-error There is no such metric.
    expect(promql`${"sockact_app_updated"} == 0`.text()).toBe("sockact_app_updated == 0");
    // @ts-expect-error A histogram has no series of its own name.
    expect(promql`${"sockact_wake_duration_seconds"} > 1`.series).toHaveLength(1);
  });

  it("name no metric beside the template's values", () => {
    for (const { series, text } of all.map(([, { expression }]) => expression))
      expect(new Set(text().match(/\bsockact_\w+/g) ?? [])).toEqual(new Set(series));
  });
});

describe("promql", () => {
  it("writes metrics and durations as they are", () => {
    const { text } = promql`increase(${"sockact_wakes_total"}[${"15m"}]) > 15 offset ${"1d"}`;
    expect(text()).toBe("increase(sockact_wakes_total[15m]) > 15 offset 1d");
  });
});

describe("an alert", () => {
  it.each(all)("%s leads to a page of the docs", (_, { page }) => {
    const [name = "", fragment = ""] = page.split("#");
    const file = new URL(`../../../../../docs/${name}.md`, import.meta.url);
    expect(existsSync(file)).toBe(true);
    const headings = Array.from(readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm), ([, title]) =>
      title!
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    expect(["", ...headings]).toContain(fragment);
  });
});

describe("the dashboard", () => {
  it("gives each panel a place that no other covers, and its own id", () => {
    const cells = new Map<string, string>();
    const shown = dashboard().panels!;
    for (const { title, gridPos } of shown) {
      const { x, y, w, h } = gridPos!;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++)
        for (let line = y; line < y + h; line++) {
          expect(cells.get(`${column},${line}`)).toBeUndefined();
          cells.set(`${column},${line}`, title!);
        }
    }
    expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
  });

  it("has no placeholder of ours left", () => {
    expect(JSON.stringify(dashboard())).not.toContain("$selected");
  });
});

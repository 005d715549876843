// Prometheus' own checker reads the alert rules and the queries of the dashboard, and evaluates each alert at
// the edges of its threshold.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alerts } from "../src/lib/metrics/alerts.ts";
import { site } from "../src/lib/shared/site.ts";
import { edges, testedAlerts } from "./metrics-edges.ts";
import { outcome, outcomeOf } from "./outcome.ts";

describeWith({ commands: ["promtool"] }, "promtool", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sockact-rules-"));
    writeFileSync(join(folder, "rules.yml"), (await outcome(["metrics", "rules"])).stdout);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const promtool = (...args: string[]) => outcomeOf(["promtool", ...args]);

  test("accepts the alert rules", async () => {
    const { code, stdout } = await promtool("check", "rules", "--lint=all", join(folder, "rules.yml"));
    expect(stdout).toMatch(/SUCCESS: \d\d rules found/);
    expect(code).toBe(0);
  });

  test("accepts each query of the dashboard", async () => {
    const { stdout } = await outcome(["metrics", "dashboard"]);
    const { panels } = JSON.parse(stdout) as { panels: { targets?: { expr: string }[] }[] };
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const rules = queries.map((query, index) => ({
      record: `query${index}`,
      expr: query.replaceAll("$__rate_interval", "1m").replaceAll(/\$(?:host|app)/g, ".*"),
    }));
    const file = join(folder, "queries.json");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
    const checked = await promtool("check", "rules", "--lint=all", file);
    expect(checked.stdout).toContain(`SUCCESS: ${queries.length} rules found`);
    expect(checked.code).toBe(0);
  });

  test("rounds the number of events, which Prometheus extrapolates", async () => {
    const { summary, command, page } = alerts.SockactStartsFail;
    const named = (text: string) => text.replaceAll("{{ $labels.app }}", "shop");
    const file = join(folder, "annotations.json");
    const alert = {
      exp_labels: { app: "shop", severity: "critical" },
      exp_annotations: {
        summary: named(summary),
        description:
          "The app has failed to start 10 times in ten minutes. Its clients wait, and get no answer until a start succeeds.",
        command: named(command),
        runbook_url: site + page,
      },
    };
    const startsFail = {
      interval: "1m",
      // 30 s after a sample, increase() returns 9.5.
      input_series: [{ series: 'sockact_failed_starts_total{app="shop"}', values: "0x5 1 2 4 8 9x30" }],
      alert_rule_test: [{ eval_time: "10m30s", alertname: "SockactStartsFail", exp_alerts: [alert] }],
    };
    writeFileSync(
      file,
      JSON.stringify({ rule_files: ["rules.yml"], evaluation_interval: "15s", tests: [startsFail] }),
    );
    const { code, stdout, stderr } = await promtool("test", "rules", file);
    expect(stderr + stdout).not.toContain("FAILED");
    expect(code).toBe(0);
  });

  test("fires each alert behind its threshold, and not before", async () => {
    const files = edges.map((tests, index) => {
      const file = join(folder, `edges${index}.json`);
      writeFileSync(file, JSON.stringify(tests));
      return file;
    });
    const { code, stdout, stderr } = await promtool("test", "rules", ...files);
    expect(stderr + stdout).not.toContain("FAILED");
    expect(code).toBe(0);
    expect([...testedAlerts].toSorted()).toEqual(Object.keys(alerts).toSorted());
  });
});

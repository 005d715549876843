// Each figure of Prometheus equals that of a second count, after ten apps have slept, woken, restarted, crashed,
// handed over, reloaded, failed and drained. METRICS_TRUTH_SECONDS sets how long that takes.
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Counted, load, portOf, seriesOf, start, watchedApps } from "./metrics-load.ts";
import { neededPrograms, WatchedHost } from "./watched-host.ts";

const SECONDS = Number(process.env["METRICS_TRUTH_SECONDS"] ?? 15);

vi.setConfig({ testTimeout: SECONDS * 1000 + 120_000, hookTimeout: 120_000 });

describeWith(
  { privateSystemd: true, systemd: 253, commands: [...neededPrograms, "ss"], tags: "campaign" },
  "what a real Prometheus has scraped",
  () => {
    let host: WatchedHost;
    beforeAll(async () => {
      host = await WatchedHost.boot({ interval: SECONDS < 60 ? "1s" : "5s" });
      for (const { name, description } of watchedApps) await host.install(name, portOf(name), description);
    });
    afterAll(() => host?.[Symbol.asyncDispose]());

    /** The values of Prometheus after the last event. */
    async function scraped(series: Iterable<string>): Promise<Counted> {
      const lastScrape = async () => (await host.query("timestamp(up)"))[0]!.value;
      await host.systemd.mustRun(["journalctl", "--sync"]);
      let after = Date.now() / 1000;
      // The first scrape may come before the endpoint has read the last entry of the journal.
      for (let scrapes = 0; scrapes < 2; scrapes += 1) {
        await host.systemd.waitUntil(
          async () => (await lastScrape()) > after,
          "Prometheus has scraped again",
        );
        after = await lastScrape();
      }
      const values = new Map<string, number>();
      for (const name of series) values.set(name, (await host.query(name))[0]?.value ?? Number.NaN);
      return values;
    }

    test("equals what the load and systemd have counted", async () => {
      await start(host);
      const before = await scraped(["up"]);
      expect(before.get("up")).toBe(1);
      const counters = await host.query('{__name__=~"sockact_.*(_total|_count)"}');
      const atStart = new Map(
        counters.map(({ metric: { __name__: name = "", app = "", reason, result }, value }) => {
          const label = reason ? `{reason="${reason}"}` : result ? `{result="${result}"}` : "";
          return [seriesOf(name + label, app), value];
        }),
      );

      const counted = await load(host, SECONDS);
      // These are states, which systemd knows.
      for (const { name } of watchedApps) {
        const state = await host.systemd.show(`${name}.service`, "ActiveState");
        counted.set(seriesOf('sockact_app_state{state="awake"}', name), Number(state === "active"));
        counted.set(seriesOf('sockact_app_state{state="failed"}', name), Number(state === "failed"));
      }
      counted.set(seriesOf("sockact_app_drained", "drained"), 1);
      counted.set(seriesOf("sockact_app_healthy", "drained"), 0);
      counted.set(seriesOf("sockact_connections", "handover"), 3);

      const found = await scraped(counted.keys());
      // systemd and the journal have different times of one moment, some milliseconds apart.
      const asleep = seriesOf("sockact_asleep_seconds_total", "sleeps");
      const sleeps = counted.get(seriesOf("sockact_wakes_total", "sleeps"))!;
      const apart = found.get(asleep)! - atStart.get(asleep)! - counted.get(asleep)!;
      const rows = [...counted].map(([series, second]) => ({
        series,
        prometheus: Number((found.get(series)! - (atStart.get(series) ?? 0)).toFixed(2)),
        second: Number(second.toFixed(2)),
      }));
      console.table(rows);
      expect(Math.abs(apart)).toBeLessThan(0.02 * sleeps);
      const same = rows.filter(({ series }) => series !== asleep);
      expect(same.map(({ series, prometheus }) => ({ series, value: prometheus }))).toEqual(
        same.map(({ series, second }) => ({ series, value: second })),
      );
    });
  },
);

import { expect, test } from "vitest";
import { ServiceManager } from "../systemd/service-manager.ts";
import { openAppMetrics } from "./app-metrics.ts";

/** A manager whose journal has this number of records of `shop.service`. */
function withRecords(count: number): ServiceManager {
  const manager = new ServiceManager();
  manager.runJournalctl = async (...args) => {
    const option = (name: string) => args.find((arg) => arg.startsWith(name))?.slice(name.length);
    const lines = Number(option("--lines="));
    const cursor = option("--after-cursor=");
    // Without a cursor, journalctl prints the newest lines.
    const begin = cursor === undefined ? Math.max(0, 100 - lines) : Number(cursor) + 1;
    const end = Math.min(cursor === undefined ? 100 : count, begin + lines);
    const printed = Array.from({ length: Math.max(0, end - begin) }, (_, index) =>
      JSON.stringify({
        __CURSOR: String(begin + index),
        _SYSTEMD_UNIT: "shop.service",
        SOCKACT_METRICS: `visits ${begin + index}\n`,
      }),
    );
    return { code: 0, stdout: printed.join("\n"), stderr: "" };
  };
  return manager;
}

test("one scrape reads all records since the last one, however many there are", async () => {
  const metrics = openAppMetrics(withRecords(700));
  const info = {
    metric: "sockact_app_info" as const,
    labels: { app: "shop", unit: "shop.service", kind: "single" },
    value: 1,
  };
  await metrics.read([info]);
  expect(metrics.text()).toContain('visits{app="shop"} 699\n');
});

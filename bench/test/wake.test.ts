import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeWith } from "../../packages/testkit/src/requires.ts";
import { type SleepingApp, SleepingApps } from "../lib/sleeping-apps.ts";

function app(name: string, port: number, type: "exec" | "notify"): SleepingApp {
  return { program: fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url)), port, units: { type } };
}

describeWith({ privateSystemd: true, systemd: 253 }, "the apps of the bench wake", () => {
  test("a connection wakes them, and then they sleep again", async () => {
    const sleepers = [app("node", 18_001, "exec"), app("core", 18_002, "notify")];
    await using apps = await SleepingApps.boot(process.execPath, sleepers);
    for (const woken of [sleepers.slice(0, 1), sleepers, sleepers]) {
      const { firstBytes, CPU } = await apps.wake(woken);
      expect(firstBytes).toHaveLength(woken.length);
      expect(Math.min(...firstBytes, CPU)).toBeGreaterThan(0);
      const states = sleepers.map(async ({ port }) => [
        await apps.systemd.show(`app-${port}.service`, "ActiveState"),
        await apps.systemd.show(`app-${port}.socket`, "SubState"),
      ]);
      expect(await Promise.all(states)).toEqual(sleepers.map(() => ["inactive", "listening"]));
    }
    // systemd has started each as often as it was woken, and never again by itself.
    const starts = sleepers.map(async ({ port }) => {
      const messages = await apps.systemd.journal(`app-${port}.service`, "manager");
      return messages.filter((message) => message.startsWith("Started ")).length;
    });
    expect(await Promise.all(starts)).toEqual([3, 2]);
  });
});

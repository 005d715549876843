import { type Change, describeWith, ManyHosts, PackedPackages, underLoad } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

describeWith(
  {
    privateSystemd: true,
    systemd: 253,
    commands: ["caddy", "nginx", "openssl"],
    tags: "campaign",
  },
  "browsers that use several apps behind a proxy",
  () => {
    describe.each(["caddy", "nginx"] as const)("%s", (proxy) => {
      const names = ["app0", "app1", "app2"];
      const sleepy = ["app3"];
      let hosts: ManyHosts;
      beforeAll(async () => {
        hosts = await ManyHosts.boot(proxy, await PackedPackages.packForRun());
        // Without it, a reload of Caddy resets a new connection now and then.
        await hosts.migrateConnections(true);
        await hosts.install(names, { idleTimeout: "10min" });
        await hosts.install(sleepy, { idleTimeout: "2s" });
      });
      afterAll(() => hosts?.[Symbol.asyncDispose]());
      const during = (change: Change) => underLoad(hosts, change, { names, sleepy, times: 2 });

      test.each<Change>(["restart", "handover", "reload of the proxy"])(
        "notice nothing of a %s",
        { timeout: 180_000 },
        async (change) => {
          const { failed, asked } = await during(change);
          // Caddy before 2.7 has no certificates for some milliseconds.
          const own = failed.filter(({ failure }) => !failure?.includes("tlsv1 alert internal error"));
          expect(own).toEqual([]);
          expect(new Set(asked.map(({ host }) => host)).size).toBe(names.length + sleepy.length);
        },
      );

      test("lose at a kill only what is under way in the killed process", { timeout: 180_000 }, async () => {
        const { failed, unexplained, underWay } = await during("kill -9");
        expect(unexplained).toEqual([]);
        expect(underWay).toBeGreaterThan(0);
        expect(failed.length).toBeLessThanOrEqual(underWay);
      });
    });
  },
);

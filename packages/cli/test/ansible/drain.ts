// How the Ansible role puts a host back into rotation, or leaves it out.
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, deploy, hostWith, writeRelease } from "./host.ts";

const failed = { code: 2, recap: { failed: 1 } };

export const drained = (host: () => PrivateSystemd): void => {
  describe("a rollout that drains", () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = host();
      await hostWith(systemd, { version: "1", config: { handover: true } });
    });

    const config = { handover: true, health: "/healthz" };
    const variables = {
      sockact_app_drain: true,
      sockact_app_drain_wait: "1s",
      sockact_app_health_url: "http://localhost/healthz",
      sockact_app_health_retries: 2,
    };

    async function isBack(version: string): Promise<void> {
      expect(await ask(systemd)).toMatchObject({ version });
      expect(await systemd.mustRun(["ls", "-A", "/srv/shop"])).toBe("current\nreleases\n");
      expect((await systemd.run(["ls", "-A", "/var/lib/sockact/drained"])).stdout).toBe("");
    }

    test(`goes back to a version that does not know the new URL`, async () => {
      await writeRelease(systemd, { version: "2", config, crash: true });
      // Nothing answers this URL.
      const result = await deploy(systemd, "2", {
        ...variables,
        sockact_app_health_url: "http://localhost:81/",
      });
      expect(result).toMatchObject(failed);
      expect(result.stdout).toMatch(
        /2 has failed, and 1 serves again\. .*no database.* 1 is not healthy either: /,
      );
      expect(await systemd.mustRun(["ls", "/srv/shop/releases"])).toBe("1\n");
      await isBack("1");
    });

    test(`refuses an unhealthy version, also while the host is drained`, async () => {
      await writeRelease(systemd, { version: "3", config });
      expect(await deploy(systemd, "3", variables)).toMatchObject({ code: 0 });
      await isBack("3");
      await writeRelease(systemd, { version: "4", config, sick: true });
      const result = await deploy(systemd, "4", variables);
      expect(result).toMatchObject(failed);
      expect(result.stdout).toContain("4 has failed, and 3 serves again. ");
      await isBack("3");
    });
  });
};

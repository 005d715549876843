// How a host continues after a run of Ansible that was killed.
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, deploy, environment, hostWith, playbook, underLoad, writeRelease } from "./host.ts";
import { sockactInside } from "../run.ts";

const config = { handover: true };

export const kills = (host: () => PrivateSystemd): void => {
  describe("a killed rollout", () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = host();
      await hostWith(systemd, { version: "1", config });
    });

    /** Runs Ansible until it begins this task, and kills all its processes. */
    async function killAt(task: string, version: string, variables: object = {}): Promise<void> {
      const child = systemd.spawn(playbook(systemd, version, variables), { env: environment });
      const ended = once(child, "close");
      for await (const line of createInterface({ input: child.stdout! }))
        if (line.startsWith(`TASK [sockact_app : ${task}]`)) break;
      await systemd.run(["pkill", "--signal", "KILL", "ansible|python"]);
      await ended;
    }

    test.each([
      [2, "Unpack the release"],
      [3, "Give the release its name"],
      [4, "Point the link to the release"],
      [5, "Install the units"],
      [6, "Hand over to the new code"],
      [7, "Ask whether the release is healthy"],
      [8, "Forget what served before"],
    ])(`serves version %i after a run that was killed at "%s" and another run`, async (number, task) => {
      const version = String(number);
      await writeRelease(systemd, { version, config });
      await underLoad(systemd, async () => {
        await killAt(task, version);
        expect(await deploy(systemd, version)).toMatchObject({ code: 0 });
      });
      expect(await ask(systemd)).toMatchObject({ version });
      expect(await systemd.mustRun(["ls", "-A", "/srv/shop"])).toBe("current\nreleases\n");
      expect(await systemd.mustRun(["ls", "-A", "/srv/shop/releases"])).not.toContain(".new");
    });

    test(`goes back to what served before the run that was killed`, async () => {
      const { version } = await ask(systemd);
      await writeRelease(systemd, { version: "9", config, unhealthy: true });
      await killAt("Ask whether the release is healthy", "9");
      expect(await systemd.mustRun(["cat", "/srv/shop/.deploying"])).toBe(`${version}\n`);
      const result = await deploy(systemd, "9", { sockact_app_health_retries: 2 });
      expect(result).toMatchObject({ code: 2, recap: { failed: 1 } });
      expect(await ask(systemd)).toMatchObject({ version });
    });

    test(`puts a host back that a killed run has drained`, async () => {
      const { version } = await ask(systemd);
      const variables = { sockact_app_drain: true, sockact_app_drain_wait: "3s" };
      await writeRelease(systemd, { version: "10", config });
      await killAt("Tell the load balancer that the host leaves", "10", variables);
      await systemd.mustRun([...sockactInside(systemd), "drain", "shop"]);
      expect(await deploy(systemd, version, variables)).toMatchObject({ code: 0 });
      expect((await systemd.run(["ls", "-A", "/var/lib/sockact/drained"])).stdout).toBe("");
      expect(await systemd.mustRun(["ls", "-A", "/srv/shop"])).toBe("current\nreleases\n");
    });
  });
};

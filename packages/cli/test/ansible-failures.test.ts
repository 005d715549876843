// How the Ansible role goes back when a release fails, and continues after a run that was killed.
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describeWith, isLongRun, LONG_ONLY, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  ask,
  bootHost,
  deploy,
  environment,
  everything,
  playbook,
  underLoad,
  writeRelease,
} from "./ansible.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });

const failed = { code: 2, recap: { failed: 1, rescued: 1 } };
/** So that a release that stays unhealthy has failed soon. */
const patience = { sockact_app_health_retries: 2 };

describeWith(
  { privateSystemd: true, systemd: 253, commands: ["ansible-playbook"] },
  "a failed rollout",
  () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootHost();
    });
    afterAll(() => systemd?.close());

    async function isBack(version: string): Promise<void> {
      expect(await ask(systemd)).toMatchObject({ version });
      expect(await systemd.mustRun(["readlink", "/srv/shop/current"])).toBe(`releases/${version}\n`);
      expect(await systemd.mustRun(["ls", "-A", "/srv/shop"])).toBe("current\nreleases\n");
      expect(await deploy(systemd, version)).toMatchObject({ code: 0, recap: { changed: 0 } });
    }

    test.runIf(isLongRun)(`leaves nothing if the first release does not start${LONG_ONLY}`, async () => {
      await writeRelease(systemd, { version: "0", crash: true });
      const result = await deploy(systemd, "0", patience);
      expect(result).toMatchObject(failed);
      expect(result.stdout).toMatch(/0 has failed, and nothing is installed.*no database/);
      expect(await systemd.mustRun(["ls", "-AR", "/srv/shop"])).toBe(
        "/srv/shop:\nreleases\n\n/srv/shop/releases:\n",
      );
      expect(await systemd.mustRun(["ls", "/etc/systemd/system"])).not.toContain("shop");
    });

    test.runIf(isLongRun)(`keeps the old version if the new one can't take over${LONG_ONLY}`, async () => {
      await writeRelease(systemd, { version: "1", config: { handover: true } });
      await writeRelease(systemd, { version: "2", config: { handover: true }, crash: true });
      expect(await deploy(systemd, "1")).toMatchObject({ code: 0 });
      const start = await systemd.show("shop.service", "InvocationID");
      const result = await underLoad(systemd, () => deploy(systemd, "2"));
      expect(result).toMatchObject(failed);
      expect(result.stdout).toMatch(
        /2 has failed, and 1 serves again\. Hand over to the new code: .*no database/,
      );
      expect(await systemd.show("shop.service", "InvocationID")).toBe(start);
      await isBack("1");
    });

    test.runIf(isLongRun)(`brings the old version back if the new one is unhealthy${LONG_ONLY}`, async () => {
      await writeRelease(systemd, { version: "3", config: { handover: true }, unhealthy: true });
      for (const variables of [{}, { sockact_app_health_url: "http://localhost/" }])
        expect(await deploy(systemd, "3", { ...patience, ...variables })).toMatchObject(failed);
      await isBack("1");
    });

    test.runIf(isLongRun)(`brings the old units back if the new ones don't start${LONG_ONLY}`, async () => {
      const config = { handover: true, environment: { SETTING: "4" } };
      await writeRelease(systemd, { version: "4", config, crash: true });
      const result = await underLoad(systemd, () => deploy(systemd, "4"));
      expect(result).toMatchObject(failed);
      expect(result.stdout).toContain("1 serves again. Install the units: ");
      expect((await ask(systemd)).setting).toBeUndefined();
      await isBack("1");
    });

    test.runIf(isLongRun)(`deploys the correction of a version that crashes${LONG_ONLY}`, async () => {
      await systemd.mustRun(["sed", "--in-place", "1i process.exit(1);", "/srv/shop/releases/1/server.mjs"]);
      await systemd.systemctl("kill", "--signal=KILL", "shop.service");
      await systemd.waitForUnit("shop.service", "SubState", ["auto-restart", "auto-restart-queued"]);
      await writeRelease(systemd, { version: "5", config: { handover: true } });
      expect(await deploy(systemd, "5")).toMatchObject({ code: 0 });
      await isBack("5");
    });

    test.runIf(isLongRun)(`stops at the first host that fails${LONG_ONLY}`, async () => {
      await writeRelease(systemd, { version: "6", config: { handover: true }, crash: true });
      const { stdout } = await deploy(systemd, "6", {}, ["--inventory", "host2,"]);
      expect(stdout).toMatch(/^host1 .* failed=1 /m);
      expect(stdout).not.toContain("[host2]");
      await isBack("5");
    });

    /** Runs Ansible until it begins this task, and kills all its processes. */
    async function killAt(task: string, version: string): Promise<void> {
      const command = playbook(systemd, version);
      const child = systemd.spawn(command, { env: environment });
      const ended = once(child, "close");
      for await (const line of createInterface({ input: child.stdout! }))
        if (line.startsWith(`TASK [sockact_app : ${task}]`)) break;
      await systemd.run(["pkill", "--signal", "KILL", "ansible|python"]);
      await ended;
    }

    test
      .runIf(isLongRun)
      .each([
        "Unpack the release",
        "Give the release its name",
        "Point the link to the release",
        "Install the units",
        "Hand over to the new code",
        "Ask whether the release is healthy",
        "Forget what served before",
      ])(
      `serves after a run that was killed at the task "%s", and the next run repairs it${LONG_ONLY}`,
      async (task) => {
        await writeRelease(systemd, { version: "7", config: { handover: true } });
        await underLoad(systemd, async () => {
          await killAt(task, "7");
          expect(await deploy(systemd, "7")).toMatchObject({ code: 0 });
        });
        expect(await ask(systemd)).toMatchObject({ version: "7" });
        expect(await systemd.mustRun(["ls", "-A", "/srv/shop/releases"])).not.toContain(".new");
        await isBack("7");
        expect(await deploy(systemd, "5")).toMatchObject({ code: 0 });
        await systemd.mustRun(["rm", "-r", "/srv/shop/releases/7"]);
      },
    );

    test.runIf(isLongRun)(`goes back to what served before a run that was killed${LONG_ONLY}`, async () => {
      await writeRelease(systemd, { version: "8", config: { handover: true }, unhealthy: true });
      await killAt("Ask whether the release is healthy", "8");
      expect(await systemd.mustRun(["cat", "/srv/shop/.deploying"])).toBe("5\n");
      expect(await deploy(systemd, "8", patience)).toMatchObject(failed);
      await isBack("5");
    });

    test.runIf(isLongRun)(
      `leaves the host as it is if the packages can't be installed${LONG_ONLY}`,
      async () => {
        await writeRelease(systemd, {
          version: "9",
          files: { "package-lock.json": "{}", "package.json": "{}" },
        });
        const before = await everything(systemd);
        const variables = { sockact_app_install_packages: "npm ci --offline" };
        expect(await deploy(systemd, "9", variables)).toMatchObject({ code: 2 });
        expect(await everything(systemd)).toEqual(before);
      },
    );
  },
);

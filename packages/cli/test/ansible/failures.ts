// How the Ansible role goes back when a release fails.
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, deploy, everything, hostWith, underLoad, writeRelease } from "./host.ts";

const failed = { code: 2, recap: { failed: 1 } };
/** So that a release that stays unhealthy has failed soon. */
const patience = { sockact_app_health_retries: 2 };

export const failures = (host: () => PrivateSystemd): void => {
  describe("a failed rollout", () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = host();
      await hostWith(systemd, { version: "1", config: { handover: true } });
    });

    async function isBack(version: string): Promise<void> {
      expect(await ask(systemd)).toMatchObject({ version });
      expect(await systemd.mustRun(["readlink", "/srv/shop/current"])).toBe(`releases/${version}\n`);
      expect(await systemd.mustRun(["ls", "-A", "/srv/shop"])).toBe("current\nreleases\n");
      expect(await deploy(systemd, version)).toMatchObject({ code: 0, recap: { changed: 0 } });
    }

    test(`keeps the old version if the new one can't take over`, async () => {
      await writeRelease(systemd, { version: "2", config: { handover: true }, crash: true });
      const start = await systemd.show("shop.service", "InvocationID");
      const result = await underLoad(systemd, () => deploy(systemd, "2"));
      expect(result).toMatchObject(failed);
      expect(result.stdout).toMatch(
        /2 has failed, and 1 serves again\. Hand over to the new code: .*no database/,
      );
      expect(await systemd.show("shop.service", "InvocationID")).toBe(start);
      await isBack("1");
    });

    test(`brings the old version back if the new one is unhealthy`, async () => {
      await writeRelease(systemd, { version: "3", config: { handover: true }, unhealthy: true });
      const bySocket = await deploy(systemd, "3", patience);
      expect(bySocket).toMatchObject(failed);
      expect(bySocket.stdout).toMatch(
        /3 has failed, and 1 serves again\..* http:\/\/localhost\/ answers 500/,
      );
      const byUrl = await deploy(systemd, "3", { ...patience, sockact_app_health_url: "http://localhost/" });
      expect(byUrl).toMatchObject(failed);
      expect(byUrl.stdout).toMatch(/1 serves again\..* http:\/\/localhost\/ answers 500: \{.*version/);
      await isBack("1");
    });

    test(`brings the old units back if the new ones don't start`, async () => {
      const config = { handover: true, environment: { SETTING: "4" } };
      await writeRelease(systemd, { version: "4", config, crash: true });
      const result = await underLoad(systemd, () => deploy(systemd, "4"));
      expect(result).toMatchObject(failed);
      expect(result.stdout).toContain("1 serves again. Install the units: ");
      expect((await ask(systemd)).setting).toBeUndefined();
      await isBack("1");
    });

    test(`deploys the correction of a version that crashes`, async () => {
      await systemd.mustRun(["sed", "--in-place", "1i process.exit(1);", "/srv/shop/releases/1/server.mjs"]);
      await systemd.systemctl("kill", "--signal=KILL", "shop.service");
      await systemd.waitForUnit("shop.service", "SubState", ["auto-restart", "auto-restart-queued"]);
      await writeRelease(systemd, { version: "5", config: { handover: true } });
      expect(await deploy(systemd, "5")).toMatchObject({ code: 0 });
      await isBack("5");
    });

    test(`stops at the first host that fails`, async () => {
      await writeRelease(systemd, { version: "6", config: { handover: true }, crash: true });
      const { stdout } = await deploy(systemd, "6", {}, ["--inventory", "host2,"]);
      expect(stdout).toMatch(/^host1 .* failed=1 /m);
      expect(stdout).not.toContain("[host2]");
      await isBack("5");
    });

    test(`leaves the host as it is if the packages can't be installed`, async () => {
      const manifest = { name: "shop", version: "9.0.0" };
      const files = {
        "package.json": JSON.stringify({ ...manifest, dependencies: { express: "5.0.0" } }),
        "package-lock.json": JSON.stringify({
          ...manifest,
          lockfileVersion: 3,
          packages: { "": manifest },
        }),
      };
      await writeRelease(systemd, { version: "9", files });
      const before = await everything(systemd);
      const variables = {
        sockact_app_exclude: ["node_modules"],
        sockact_app_install_packages: "npm ci --offline",
      };
      const result = await deploy(systemd, "9", variables);
      expect(result).toMatchObject({ code: 2 });
      expect(result.stdout).toMatch(/The release could not be put on the host: npm error code/);
      expect(await everything(systemd)).toEqual(before);
    });
  });
};

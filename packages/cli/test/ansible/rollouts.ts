// What the Ansible role does with releases that work.
import process from "node:process";
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { sockactInside } from "../run.ts";
import { ask, deploy, everything, underLoad, writeRelease } from "./host.ts";

export const rollouts = (host: () => PrivateSystemd): void => {
  describe("a rollout", () => {
    let systemd: PrivateSystemd;

    beforeAll(() => {
      systemd = host();
    });

    test("has nothing that ansible-lint finds", async () => {
      await systemd.mustRun(["cp", "-r", `${systemd.project}/deploy/ansible`, "/tmp/linted"]);
      const lint = "ansible-lint --offline --profile production --nocolor -c /dev/null *.yml roles";
      const { stdout, stderr, code } = await systemd.run(["sh", "-c", lint], {
        cwd: "/tmp/linted",
        timeout: 120_000,
      });
      expect({ stdout, stderr, code }).toMatchObject({ stdout: "", code: 0 });
    });

    test(`leaves nothing if the first release does not start`, async () => {
      await writeRelease(systemd, { version: "0", crash: true });
      const result = await deploy(systemd, "0", { sockact_app_health_retries: 2 });
      expect(result).toMatchObject({ code: 2, recap: { failed: 1 } });
      expect(result.stdout).toMatch(/0 has failed, and nothing is installed.*no database/);
      expect(await systemd.mustRun(["ls", "-AR", "/srv/shop"])).toBe(
        "/srv/shop:\nreleases\n\n/srv/shop/releases:\n",
      );
      expect(await systemd.mustRun(["ls", "/etc/systemd/system"])).not.toContain("shop");
    });

    test("a check on a fresh host changes nothing, a run deploys, and another run changes nothing", async () => {
      await writeRelease(systemd, { version: "1", config: { handover: true } });
      const before = await everything(systemd);
      expect(await deploy(systemd, "1", {}, ["--check", "--diff"])).toMatchObject({ code: 0 });
      expect(await everything(systemd)).toEqual(before);
      expect(await deploy(systemd, "1")).toMatchObject({ code: 0 });
      expect(await ask(systemd)).toMatchObject({ version: "1" });
      const deployed = await everything(systemd);
      const again = await deploy(systemd, "1");
      expect(again).toMatchObject({ code: 0, recap: { changed: 0, failed: 0, rescued: 0 } });
      expect(await everything(systemd)).toEqual(deployed);
    });

    test(`hands over to new code, and no request fails`, async () => {
      const { pid } = await ask(systemd);
      const start = await systemd.show("shop.service", "InvocationID");
      await writeRelease(systemd, { version: "2", config: { handover: true } });
      const result = await underLoad(systemd, () => deploy(systemd, "2"));
      expect(result).toMatchObject({ code: 0, recap: { failed: 0, rescued: 0 } });
      const after = await ask(systemd);
      expect(after.version).toBe("2");
      expect(after.pid).not.toBe(pid);
      expect(await systemd.show("shop.service", "InvocationID")).toBe(start);
      expect(await systemd.mustRun(["readlink", "/srv/shop/current"])).toBe("releases/2\n");
    });

    test(`a check on an installed host says what would change`, async () => {
      await writeRelease(systemd, { version: "3", config: { handover: true } });
      await systemd.write("/srv/other.config.json", JSON.stringify(withSetting("3")));
      const before = await everything(systemd);
      const check = ["--check", "--diff"];
      expect(await deploy(systemd, "2", {}, check)).toMatchObject({ code: 0, recap: { changed: 0 } });
      expect(await deploy(systemd, "3", {}, check)).toMatchObject({ code: 0, recap: { changed: 1 } });
      const config = { sockact_app_config: "/srv/other.config.json" };
      const { stdout, code } = await deploy(systemd, "2", config, check);
      expect(stdout).toContain("+Environment=SETTING=3");
      expect(code).toBe(0);
      expect(await everything(systemd)).toEqual(before);
    });

    const withSetting = (setting: string) => ({
      name: "shop",
      exec: [systemd.node, "/srv/shop/current/server.mjs"],
      sockets: [{ listen: 80 }],
      environment: { SETTING: setting },
      handover: true,
    });

    test(`restarts the service if its unit has changed, since a handover keeps the environment`, async () => {
      const start = await systemd.show("shop.service", "InvocationID");
      await writeRelease(systemd, {
        version: "4",
        config: { handover: true, environment: { SETTING: "4" } },
      });
      expect(await underLoad(systemd, () => deploy(systemd, "4"))).toMatchObject({ code: 0 });
      expect(await ask(systemd)).toMatchObject({ version: "4", setting: "4" });
      expect(await systemd.show("shop.service", "InvocationID")).not.toBe(start);
    });

    test(`restarts the service if a file of variables has changed since its start`, async () => {
      const config = { handover: true, environmentFile: ["/etc/shop.env"] };
      await systemd.write("/etc/shop.env", "SETTING=old\n");
      await writeRelease(systemd, { version: "5", config });
      expect(await deploy(systemd, "5")).toMatchObject({ code: 0 });
      // systemd notes the start of a service in whole seconds, and a file from the future does not count as
      // changed.
      const second = (): number => Math.floor(Date.now() / 1000);
      const started = second();
      await systemd.waitUntil(async () => second() > started + 1, "the next second began");
      await systemd.mustRun(["sed", "--in-place", "s/old/new/", "/etc/shop.env"]);
      await writeRelease(systemd, { version: "6", config });
      expect(await underLoad(systemd, () => deploy(systemd, "6"))).toMatchObject({ code: 0 });
      expect(await ask(systemd)).toMatchObject({ version: "6", setting: "new" });
    });

    test(`keeps the newest releases`, async () => {
      await systemd.mustRun(["mkdir", "/srv/shop/releases/.new-6-1"]);
      expect(await deploy(systemd, "5")).toMatchObject({ code: 0 });
      const { stdout } = await systemd.run(["ls", "-A", "/srv/shop/releases"]);
      expect(stdout.split("\n")).toEqual(["4", "5", "6", ""]);
      expect(await ask(systemd)).toMatchObject({ version: "5" });
    });

    test(`rolls a pair of instances`, async () => {
      const config = { name: "pair", sockets: [{ listen: 81 }], rolling: true };
      const variables = { sockact_app_name: "pair" };
      for (const version of ["pair-1", "pair-2"]) await writeRelease(systemd, { version, config });
      expect(await deploy(systemd, "pair-1", variables)).toMatchObject({ code: 0 });
      expect(await underLoad(systemd, () => deploy(systemd, "pair-2", variables), 81)).toMatchObject({
        code: 0,
      });
      expect(await ask(systemd, 81)).toMatchObject({ version: "pair-2" });
      expect(await systemd.show("pair@green.service", "ActiveState")).toBe("active");
    });

    test(`takes the host out of rotation meanwhile, unless it was out already`, async () => {
      const config = { name: "rotated", sockets: [{ listen: 83 }], handover: true, healthSocket: 8081 };
      const variables = {
        sockact_app_name: "rotated",
        sockact_app_drain: true,
        sockact_app_drain_wait: "1s",
        sockact_app_health_url: "http://localhost:8081/",
      };
      for (const version of ["rotated-1", "rotated-2"]) {
        await writeRelease(systemd, { version, config });
        const { stdout, code } = await deploy(systemd, version, variables);
        expect({ code, stdout }).toMatchObject({ code: 0 });
        expect(stdout.includes("Tell the load balancer that the host leaves")).toBe(version === "rotated-2");
      }
      expect(await systemd.request("http://127.0.0.1:8081/")).toMatchObject({ status: 200, body: "ready" });
      expect(await ask(systemd, 83)).toMatchObject({ version: "rotated-2" });
      await systemd.mustRun([...sockactInside(systemd), "drain", "rotated"]);
      expect(await deploy(systemd, "rotated-1", variables)).toMatchObject({ code: 0 });
      expect(await systemd.request("http://127.0.0.1:8081/")).toMatchObject({ status: 503, body: "drained" });
      expect(await ask(systemd, 83)).toMatchObject({ version: "rotated-1" });
    });

    test(`unpacks a tarball of npm pack, and installs the packages of the lockfile`, async () => {
      const manifest = JSON.stringify({ name: "packed", version: "1.0.0" });
      const lock = { name: "packed", version: "1.0.0", lockfileVersion: 3, packages: {} };
      const files = { "package.json": manifest, "npm-shrinkwrap.json": JSON.stringify(lock) };
      const config = { name: "packed", sockets: [{ listen: 82 }] };
      const folder = await writeRelease(systemd, { version: "packed-1", config, files });
      await systemd.mustRun(["npm", "pack", "--silent"], { cwd: folder, timeout: 60_000 });
      const variables = {
        sockact_app_name: "packed",
        sockact_app_source: `${folder}/packed-1.0.0.tgz`,
        sockact_app_strip_components: 1,
        sockact_app_command: sockactInside(systemd).join(" "),
        sockact_app_install_packages: "npm ci --omit=dev --offline",
      };
      expect(await deploy(systemd, "packed-1", variables)).toMatchObject({ code: 0 });
      expect(await ask(systemd, 82)).toMatchObject({ version: "packed-1" });
    });

    test(`a script does the same over ssh, and goes back`, async () => {
      // It stands for ssh to another host, and runs the command on this one.
      await systemd.write("/tmp/bin/ssh", '#!/bin/sh\nshift\nexec sh -c "$*"\n', 0o755);
      const PATH = `/tmp/bin:${process.env["PATH"]}`;
      const script = async (version: string, cwd: string) => {
        await systemd.mustRun(["ln", "-sfn", cwd, "/tmp/build"]);
        const command = ["sh", `${systemd.project}/deploy/deploy.sh`, version, "host1", "host2"];
        return systemd.run(command, { env: { PATH }, cwd: "/tmp", timeout: 120_000 });
      };
      const good = await writeRelease(systemd, { version: "script-1", config: { handover: true } });
      const bad = await writeRelease(systemd, {
        version: "script-2",
        config: { handover: true, environment: { SETTING: "bad" } },
        crash: true,
      });
      await underLoad(systemd, async () => {
        // Both hosts are this one, so the second host has the release already.
        expect(await script("script-1", good)).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/not empty/),
        });
        expect(await ask(systemd)).toMatchObject({ version: "script-1" });
        expect(await script("script-2", bad)).toMatchObject({ code: 1 });
      });
      expect(await ask(systemd)).toMatchObject({ version: "script-1" });
      expect(await systemd.mustRun(["readlink", "/srv/shop/current"])).toBe("releases/script-1\n");
    });

    test(`refuses variables of a wrong type or without a meaning`, async () => {
      const wrong = await deploy(systemd, "6", {
        sockact_app_reload: "gently",
        sockact_app_keep_releases: "a",
      });
      expect(wrong.code).not.toBe(0);
      expect(wrong.stdout).toContain(
        "value of sockact_app_reload must be one of: auto, handover, roll, restart",
      );
      expect(wrong.stdout).toMatch(/sockact_app_keep_releases.* we were unable to convert to int/);
      const name = await deploy(systemd, "../6");
      expect(name.code).not.toBe(0);
      expect(name.stdout).toContain("sockact_app_version must begin with a letter or a digit");
    });
  });
};

// What the Ansible role does when somebody else changes the host meanwhile.
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { sockactInside } from "../run.ts";
import { ask, deploy, environment, everything, hostWith, playbook, writeRelease } from "./host.ts";

const LOCK = "/run/sockact-deploy-shop";

export const locks = (host: () => PrivateSystemd): void => {
  describe("a host that somebody else changes", () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = host();
      await hostWith(systemd, { version: "1", config: { handover: true } });
      await writeRelease(systemd, { version: "2", config: { handover: true } });
      await writeRelease(systemd, { version: "3", config: { handover: true }, unhealthy: true });
    });

    /** Deploys the unhealthy version 3, and does something when the host has asked for the first time. */
    async function meanwhile(action: () => Promise<unknown>): Promise<{ code: number; output: string }> {
      const variables = { sockact_app_health_url: "http://localhost/", sockact_app_health_retries: 600 };
      const child = systemd.spawn(playbook(systemd, "3", variables), { env: environment });
      const ended = once(child, "close");
      let output = "";
      for await (const line of createInterface({ input: child.stdout! })) {
        if (line.includes("FAILED - RETRYING") && !output.includes("RETRYING")) await action();
        output += `${line}\n`;
      }
      const [code] = (await ended) as [number];
      return { code, output };
    }

    test("refuses a second run, which names the first", async () => {
      const found = async () => [await systemd.mustRun(["readlink", LOCK]), await everything(systemd)];
      const first = await meanwhile(async () => {
        const before = await found();
        const second = await deploy(systemd, "2");
        expect(second).toMatchObject({ code: 2, recap: { changed: 0, failed: 1 } });
        expect(second.stdout).toMatch(/root@\S+ deploys 3 of shop to this host, in the process \d+ there/);
        expect(await found()).toEqual(before);
        await systemd.run(["pkill", "--signal", "KILL", "ansible|python"]);
      });
      expect(first.code).not.toBe(0);
    });

    test("continues after a run of this controller that was killed", async () => {
      expect(await systemd.mustRun(["readlink", LOCK])).toContain('"version": "3"');
      expect(await deploy(systemd, "2")).toMatchObject({ code: 0 });
      expect(await ask(systemd)).toMatchObject({ version: "2" });
      expect((await systemd.run(["readlink", LOCK])).stdout).toBe("");
    });

    test("continues after a run of another controller only if that is wanted", async () => {
      const other = { by: "alice@build1", process: "1", since: "Mon Nov 30 10:00:00 2026", version: "7" };
      await systemd.mustRun(["ln", "-s", JSON.stringify(other), LOCK]);
      const refused = await deploy(systemd, "1");
      expect(refused).toMatchObject({ code: 2, recap: { changed: 0, failed: 1 } });
      expect(refused.stdout).toContain("alice@build1 deploys 7 of shop");
      expect(await ask(systemd)).toMatchObject({ version: "2" });
      expect(await deploy(systemd, "1", { sockact_app_take_over: true })).toMatchObject({ code: 0 });
      expect(await ask(systemd)).toMatchObject({ version: "1" });
    });

    test("fails, and changes nothing more, if somebody else switches to another release", async () => {
      const { code, output } = await meanwhile(async () => {
        await systemd.mustRun(["ln", "-sfn", "releases/2", "/srv/shop/current"]);
        await systemd.mustRun([...sockactInside(systemd), "reload", "shop"]);
      });
      expect(code).toBe(2);
      expect(output).toContain("current points to releases/2. While this run deployed 3, somebody else");
      expect(await ask(systemd)).toMatchObject({ version: "2" });
      expect(await systemd.mustRun(["readlink", "/srv/shop/current"])).toBe("releases/2\n");
      expect((await systemd.run(["readlink", LOCK])).stdout).toBe("");
    });

    test("does not wait for a user of the host who locks what everybody may open", async () => {
      const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const hold = "exec flock --no-fork /run sh -c 'echo held; exec sleep 600'";
      const holder = systemd.spawn([...user, "sh", "-c", hold]);
      await once(holder.stdout!, "data");
      expect(await deploy(systemd, "1")).toMatchObject({ code: 0 });
      expect(await systemd.run(["flock", "--nonblock", "/run", "true"])).toMatchObject({ code: 1 });
      holder.kill("SIGKILL");
      const { stderr } = await systemd.run([...user, "flock", "--nonblock", "/run/sockact-deploys", "true"]);
      expect(stderr).toContain("Permission denied");
    });
  });
};

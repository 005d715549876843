// What the Ansible role refuses before it changes a host.
import { describeWith, isLongRun, LONG_ONLY, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ask, bootHost, deploy, everything, writeRelease } from "./ansible.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 200_000 });

describeWith(
  { privateSystemd: true, systemd: 253, commands: ["ansible-playbook"] },
  "a host that is not as the role left it",
  () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      if (!isLongRun) return;
      systemd = await bootHost();
      await writeRelease(systemd, { version: "1" });
      await deploy(systemd, "1");
      await writeRelease(systemd, { version: "2", crash: true });
    });
    afterAll(() => systemd?.close());

    const shell = (command: string): Promise<string> =>
      systemd.mustRun(["sh", "-c", command], { cwd: "/srv/shop" });

    test.runIf(isLongRun).each([
      [
        "a folder for current",
        "mv current c && cp -r releases/1 current",
        "rm -r current; mv c current",
        "current is not a link",
      ],
      [
        "a link to elsewhere",
        "cp -r releases builds && ln -sfn builds/1 current",
        "rm -r builds; ln -sfn releases/1 current",
        "current points to builds/1, which is not a release",
      ],
      [
        "a link to a release that is gone",
        "ln -sfn releases/0 current",
        "ln -sfn releases/1 current",
        "current points to releases/0, which is not a release",
      ],
      [
        "a killed run from a release that is gone",
        "echo 0 > .deploying",
        "rm .deploying",
        "deploying says that 0 has served",
      ],
    ])(`refuses %s, and changes nothing${LONG_ONLY}`, async (_what, damage, repair, message) => {
      await shell(damage);
      const before = await everything(systemd);
      const result = await deploy(systemd, "2");
      expect(result).toMatchObject({ code: 2, recap: { failed: 1, changed: 0 } });
      expect(result.stdout).toContain(message);
      expect(await everything(systemd)).toBe(before);
      await shell(repair);
      expect(await ask(systemd)).toMatchObject({ version: "1" });
    });

    test.runIf(isLongRun)(
      `takes a whole path for current, and refuses a line break${LONG_ONLY}`,
      async () => {
        await shell("ln -sfn /srv/shop/releases/1/ current");
        expect(await deploy(systemd, "1")).toMatchObject({ code: 0, recap: { changed: 0 } });
        const result = await deploy(systemd, "4\n");
        expect(result.stdout).toContain(String.raw`may have dots, underscores and hyphens; got`);
        expect(result.code).toBe(2);
      },
    );
  },
);

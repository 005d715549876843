// What the Ansible role refuses before it changes a host.
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, deploy, everything, hostWith, writeRelease } from "./host.ts";

export const refusals = (host: () => PrivateSystemd): void => {
  describe("a host that is not as the role left it", () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = host();
      await hostWith(systemd, { version: "1" });
      await writeRelease(systemd, { version: "2", crash: true });
    });

    const shell = (command: string): Promise<string> =>
      systemd.mustRun(["sh", "-c", command], { cwd: "/srv/shop" });

    test.each([
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
    ])(`refuses %s, and changes nothing`, async (_what, damage, repair, message) => {
      await shell(damage);
      const before = await everything(systemd);
      const result = await deploy(systemd, "2");
      expect(result).toMatchObject({ code: 2, recap: { failed: 1, changed: 0 } });
      expect(result.stdout).toContain(message);
      expect(await everything(systemd)).toBe(before);
      await shell(repair);
      expect(await ask(systemd)).toMatchObject({ version: "1" });
    });

    test(`takes a whole path for current, and refuses a line break`, async () => {
      await shell("ln -sfn /srv/shop/releases/1/ current");
      expect(await deploy(systemd, "1")).toMatchObject({ code: 0, recap: { changed: 0 } });
      const result = await deploy(systemd, "4\n");
      expect(result.stdout).toContain(String.raw`may have dots, underscores and hyphens; got`);
      expect(result.code).toBe(2);
    });
  });
};

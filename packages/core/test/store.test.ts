import { expect, test } from "vitest";
import { bootPrivateSystemd, describeWith } from "@sockact/testkit";

describeWith(
  { privateSystemd: true, systemd: 254 },
  "the file descriptor store of systemd.service(5)",
  () => {
    test("keeps a port that the app has opened itself over a restart, and it is taken back by its name", async () => {
      await using systemd = await bootPrivateSystemd();
      await systemd.installUnits({
        "app.service": `[Service]
ExecStart=${systemd.node} ${systemd.project}/packages/core/test/programs/store.mjs
NotifyAccess=all
FileDescriptorStoreMax=1
FileDescriptorStorePreserve=restart
`,
      });
      await systemd.start("app.service");
      await systemd.waitForJournal("app.service", /^stored$/);
      const ask = async (): Promise<{ pid: number; isStored: boolean }> =>
        JSON.parse((await systemd.request("http://localhost:8080/")).body) as {
          pid: number;
          isStored: boolean;
        };
      const first = await ask();
      expect(first.isStored).toBe(false);
      await systemd.restart("app.service");
      // The port has never closed, so no request was refused.
      const second = await ask();
      expect(second.isStored).toBe(true);
      expect(second.pid).not.toBe(first.pid);
      await systemd.waitForJournal("app.service", /listening on \[::\]:8080/);
    });
  },
);

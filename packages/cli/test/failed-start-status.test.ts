// What the commands say about an app behind a proxy that does not start: it answers its visitors, and exits
// with a status of its own.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./doctor.ts";
import { install, release, sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "an app behind a proxy that does not start", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const behind = (name: string): Pick<AppDescription, "name" | "sockets" | "environment"> => ({
      name,
      sockets: [{ listen: `/run/${name}.sock` }],
      environment: { SOCKACT_TRUST_PROXY: "yes" },
    });
    await install(systemd, {
      ...behind("sleeper"),
      idleTimeout: "5min",
      restartPreventExitStatus: [43],
    });
    await install(systemd, behind("steady"));
    await install(systemd, { name: "plain", sockets: [{ listen: 80 }], restart: "no" });
  });
  afterAll(() => systemd?.close());

  /** Wakes the app, breaks it, and restarts it. */
  async function restartBroken(name: string): Promise<string> {
    await systemd.start(`${name}.service`);
    await release(systemd, name, { crash: true });
    const { code, stderr } = await sockact(systemd, "restart", name);
    expect(code).toBe(1);
    return stderr;
  }

  test("restart says that visitors get the page, and status and doctor have words for the status", async () => {
    expect(await restartBroken("sleeper")).toContain(
      "error: sleeper.service did not start: it ended before it listened. Visitors get a page with the status 503, and each of them starts it again (",
    );
    expect((await sockact(systemd, "status", "sleeper")).stdout).toContain(
      "sleeper.service has failed: it ended before it listened. The next visitor starts it again\n",
    );
    expect(JSON.stringify((await ask(systemd, "sleeper")).findings)).not.toMatch(/status 43|with 43/);
  });

  test("restart says that systemd tries again", async () => {
    expect(await restartBroken("steady")).toContain(
      "error: steady.service did not start: it exited with 1. Visitors get a page with the status 503, and systemd tries again (",
    );
  });

  test("restart says that the next client starts it, if no client waits", async () => {
    expect(await restartBroken("plain")).toContain(
      "error: plain.service did not start: it exited with 1. The next client starts it again (",
    );
  });

  test("restart of an app that sleeps says that the new version was not tried", async () => {
    await release(systemd, "plain");
    await systemd.start("plain.service");
    await systemd.stop("plain.service");
    await release(systemd, "plain", { crash: true });
    expect(await sockact(systemd, "restart", "plain")).toMatchObject({
      code: 0,
      stdout:
        "plain sleeps, so the new version was not tried: the next connection starts it.\nTo try it: systemctl start plain.service\n",
    });
  });
});

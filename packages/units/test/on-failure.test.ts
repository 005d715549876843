// How another unit learns that a service has failed, although systemd restarts the service.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AppDescription, emitUnits } from "../src/index.ts";

describeWith({ privateSystemd: true, systemd: 254 }, "a service that fails and is restarted", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  const alert = (name: string) => `alert-${name}.service`;

  /** Installs and starts a service that exits with 1. */
  async function fail(name: string, how: Partial<AppDescription>): Promise<void> {
    const units = emitUnits({
      name,
      exec: ["/bin/sh", "-c", "exit 1"],
      restartSec: "9min",
      sockets: [{ listen: `/run/${name}.sock` }],
      ...how,
    });
    const noticing = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n";
    await systemd.installUnits({ ...units, [alert(name)]: noticing }, { verify: false });
    await systemd.start(`${name}.socket`);
    await systemd.systemctl("start", "--no-block", `${name}.service`);
    await systemd.waitForUnit(`${name}.service`, "SubState", "auto-restart");
  }

  it("starts the units in onFailure", async () => {
    await fail("shop", { onFailure: [alert("shop")] });
    await systemd.waitForUnit(alert("shop"), "ActiveState", "active");
  });

  it("starts a unit by the command that docs/restarts.md and the hint for older versions have", async () => {
    const script = `[ "$SERVICE_RESULT" = success ] || systemctl start --no-block ${alert("blog")}`;
    const older: AppDescription = {
      name: "blog",
      exec: ["/bin/true"],
      sockets: [{ listen: 80 }],
      systemd: 253,
      onFailure: [alert("blog")],
    };
    expect(() => emitUnits(older)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(script) }),
    );
    await fail("blog", { execStopPost: [{ command: ["/bin/sh", "-c", script], privileged: true }] });
    await systemd.waitForUnit(alert("blog"), "ActiveState", "active");
    expect(await systemd.show("blog.service", "Result")).toBe("exit-code");
  });
});

import { expect, test } from "vitest";
import { bootPrivateSystemd, connectInside, describeWith, preloading, requestOver } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits } from "../../units/src/index.ts";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "with SOCKACT_HANDOVER=yes", () => {
  test("an unmodified Express app hands over, and its connections move", async () => {
    await using systemd = await bootPrivateSystemd();
    const inside = (file: string): string => systemd.project + file.slice(file.lastIndexOf("/packages/"));
    await systemd.installUnits(
      emitUnits({
        name: "app",
        exec: [systemd.node, inside(appFile("express/app.mjs"))],
        sockets: [{ listen: "127.0.0.1:80" }],
        hardening: "inbound",
        handover: true,
        environment: { ...preloading(inside(preload)), FRAMEWORK: "express", PORT: "80" },
      }),
    );
    await systemd.start("app.socket", "app.service");
    const connection = connectInside(systemd, "127.0.0.1:80");
    const pid = async (): Promise<number> => Number(await systemd.show("app.service", "MainPID"));
    const pids = [await pid()];
    for (let count = 0; count < 2; count++) {
      expect((await requestOver(connection)).json()).toMatchObject({ pid: pids.at(-1) });
      await systemd.systemctl("reload", "app.service");
      pids.push(await pid());
    }
    expect((await requestOver(connection)).json()).toMatchObject({ pid: pids.at(-1) });
    expect(new Set(pids).size).toBe(3);
    connection.destroy();
  });
});

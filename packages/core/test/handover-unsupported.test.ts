import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, freeAddress, httpRequest, socketActivate } from "@sockact/testkit";
import { good, VersionedService } from "./versioned-service.ts";

const listening = fileURLToPath(new URL("programs/listen.mjs", import.meta.url));

describeWith({ commands: ["systemd-socket-activate"] }, "by hand, without systemd", () => {
  test("SIGHUP says why it can't hand over, and the app keeps serving", async () => {
    const address = await freeAddress("tcp4");
    await using app = await socketActivate([address], [process.execPath, listening], {
      env: { SOCKACT_HANDOVER: "yes" },
    });
    const before = httpRequest(address);
    await app.event("listens");
    await before;
    app.kill("SIGHUP");
    await app.line(/^sockact: ERR_HANDOVER_UNSUPPORTED: No service manager waits/);
    await app.line(/^sockact: the handover failed, and the old version keeps serving$/);
    expect((await httpRequest(address)).status).toBe(200);
  });
});

describeWith({ privateSystemd: true, systemd: 253 }, "under a service manager", () => {
  test.each([
    ["Accept=yes", "app@.service", "Accept=yes", ""],
    ["StandardInput=socket", "app.service", "", "StandardInput=socket\nStandardOutput=journal"],
  ])("listen() refuses handover with %s", async (_, name, socket, service) => {
    await using systemd = await bootPrivateSystemd();
    const program = `${systemd.project}${listening.slice(listening.indexOf("/packages/"))}`;
    await systemd.installUnits({
      "app.socket": `[Socket]\nListenStream=127.0.0.1:80\n${socket}\n`,
      [name]: `[Service]\nExecStart=${systemd.node} ${program}\nEnvironment=SOCKACT_HANDOVER=yes\n${service}\n`,
    });
    await systemd.start("app.socket");
    await systemd.request({ url: "http://127.0.0.1/", timeout: 2000 }).catch(() => {});
    const unit = name.replace("@", "@*");
    expect(await systemd.waitForJournal(unit, /"event":"refused"/)).toContain("ERR_HANDOVER_UNSUPPORTED");
  });

  describeWith({ systemd: 257 }, "with PrivatePIDs=", () => {
    test("a reload says why it can't hand over, and the app keeps serving", async () => {
      await using systemd = await bootPrivateSystemd();
      const program = `${systemd.project}${listening.slice(listening.indexOf("/packages/"))}`;
      await systemd.installUnits({
        "app.socket": "[Socket]\nListenStream=127.0.0.1:80\n",
        "app.service": `[Service]
Type=notify-reload
OpenFile=/run/systemd/notify:notify
ExecStart=${systemd.node} ${program}
Environment=SOCKACT_HANDOVER=yes SOCKACT_TRUST_PARENT=yes
PrivatePIDs=yes
`,
      });
      await systemd.start("app.socket", "app.service");
      await systemd.systemctl("reload", "app.service");
      await systemd.waitForJournal("app.service", /ERR_HANDOVER_UNSUPPORTED: This process is the first one/);
      expect(await systemd.request("http://127.0.0.1/")).toMatchObject({ status: 200 });
    });
  });

  test("with the permission model, a reload names the missing flag, and the app keeps serving", async () => {
    await using service = await VersionedService.boot();
    const model =
      Number(process.versions.node.split(".")[0]) < 24 ? "--experimental-permission" : "--permission";
    const flags = `${model} --allow-fs-read=* --allow-fs-write=*${process.allowedNodeEnvironmentFlags.has("--allow-net") ? " --allow-net" : ""}`;
    await service.install(`ExecStart=\nExecStart=/run/sockact/node ${flags} /run/app/app.mjs`);
    await service.deploy(good("1"));
    await service.start();
    expect(await service.reload()).toMatchObject({ code: 1 });
    await service.systemd.waitForJournal("app.service", /ERR_HANDOVER_UNSUPPORTED: .*--allow-child-process/);
    expect(await service.version()).toBe("1");
  });
});

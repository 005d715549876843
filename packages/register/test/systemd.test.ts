import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, preloading, type PrivateSystemd, SANDBOX } from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "under a service manager", () => {
  let systemd: PrivateSystemd;
  const inside = (file: string): string => systemd.project + file.slice(file.indexOf("/packages/"));
  const service = (app: string, more: string): string => {
    const [[name, value] = []] = Object.entries(preloading(inside(preload)));
    return `[Service]\nExecStart=${systemd.node} ${inside(appFile(app))}\nEnvironment='${name}=${value}'\n${more}`;
  };
  const pid = (): Promise<string> => systemd.show("app.service", "MainPID");
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());
  beforeEach(async () => {
    await systemd.systemctl("stop", "app*");
  });

  test("an app without a socket unit listens on its own port, and still has READY=1, the watchdog and a graceful stop", async () => {
    await systemd.installUnits({
      "app.service": service(
        "express/lifecycle.mjs",
        "Environment=PORT=8080 HOLD=/run/hold\nType=notify\nNotifyAccess=main\nOpenFile=/run/systemd/notify:notify\nWatchdogSec=1s\nRestart=on-watchdog\n",
      ),
    });
    await systemd.start("app.service");
    const url = "http://localhost:8080/";
    const before = await pid();
    await systemd.request(`${url}block`).catch(() => {});
    await systemd.waitUntil(async () => ![before, "0"].includes(await pid()), "it is restarted");
    await systemd.waitForUnit("app.service", "ActiveState", "active");
    expect((await systemd.journal("app.service")).join("\n")).toContain("Watchdog timeout");
    await systemd.write("/run/hold", "");
    const held = systemd.request(`${url}held`);
    await systemd.waitForJournal("app.service", /a request is held/);
    const stopped = systemd.stop("app.service");
    await systemd.waitForJournal("app.service", /SIGTERM: draining, 1 open connection/);
    await systemd.mustRun(["rm", "/run/hold"]);
    expect(await held).toMatchObject({ status: 200, body: "held" });
    await stopped;
    expect(await systemd.show("app.service", "Result")).toBe("success");
  });

  test("after kill -9, the port stays open, and the next client waits for the new process", async () => {
    await systemd.installUnits({
      "app.socket": "[Socket]\nListenStream=127.0.0.1:80\n",
      "app.service": service(
        "two-ports.mjs",
        "Environment=PORT=80 ADMIN_PORT=8081\nRestart=always\nRestartSec=100ms\n",
      ),
    });
    await systemd.start("app.socket");
    const ask = (): Promise<unknown> => systemd.request("http://127.0.0.1:80/");
    expect(await ask()).toMatchObject({ status: 200, body: "app" });
    const before = await pid();
    await systemd.systemctl("kill", "--signal=KILL", "app.service");
    expect(await ask()).toMatchObject({ status: 200, body: "app" });
    expect(["0", before]).not.toContain(await pid());
  });

  test("each server gets the socket with its port in a sandbox without network, where /proc has no addresses", async () => {
    await systemd.installUnits({
      "app.socket": "[Socket]\nListenStream=127.0.0.1:81\nFileDescriptorName=admin\nService=app.service\n",
      "app-web.socket": "[Socket]\nListenStream=80\nFileDescriptorName=web\nService=app.service\n",
      "app.service": service(
        "two-ports.mjs",
        `Sockets=app.socket app-web.socket\nEnvironment=PORT=80 ADMIN_PORT=81\nType=notify\nOpenFile=/run/systemd/notify:notify\n${SANDBOX}\n`,
      ),
    });
    await systemd.start("app.socket", "app-web.socket");
    expect(await systemd.request("http://localhost:80/")).toMatchObject({ status: 200, body: "app" });
    expect(await systemd.request("http://127.0.0.1:81/")).toMatchObject({ status: 200, body: "admin" });
    expect((await systemd.journal("app.service")).join("\n")).not.toContain("Warning");
  });

  test("Fastify 5 listens on 0.0.0.0 in a sandbox without AF_NETLINK, where it cannot get the addresses of the machine", async () => {
    await systemd.installUnits({
      "app.socket": "[Socket]\nListenStream=0.0.0.0:80\n",
      "app.service": service(
        "fastify/lifecycle.mjs",
        `Environment=PORT=3000\nType=notify\nOpenFile=/run/systemd/notify:notify\n${SANDBOX}\n`,
      ),
    });
    await systemd.start("app.socket");
    expect(await systemd.request("http://127.0.0.1/")).toMatchObject({ status: 200, body: "hello" });
    await systemd.waitForJournal("app.service", /^listens at http:\/\/127\.0\.0\.1:80$/);
  });

  test.each([
    ["simple", ""],
    ["notify", "OpenFile=/run/systemd/notify:notify\n"],
  ])("without its socket, although it has a SOCKACT_MAP: it says so (Type=%s)", async (type, more) => {
    const unit = `app-${type}.service`;
    await systemd.installUnits({
      [unit]: service(
        "two-ports.mjs",
        `Environment=PORT=8080 ADMIN_PORT=8081 SOCKACT_MAP=8080=http\nType=${type}\n${more}`,
      ),
    });
    await systemd.start(unit);
    await systemd.waitForJournal(unit, /SOCKACT_WARN_NOT_PASSED/);
    expect((await systemd.request("http://localhost:8080/")).body).toBe("app");
  });

  test("a wrong SOCKACT_MAP is reported in one line of the journal, and a client waits until it is corrected", async () => {
    const units = (map: string): Record<string, string> => ({
      "app.socket":
        "[Socket]\nListenStream=127.0.0.1:80\nFileDescriptorName=http\nTriggerLimitIntervalSec=0\n",
      "app.service": `[Unit]\nStartLimitIntervalSec=0\n${service(
        "two-ports.mjs",
        `Environment=PORT=8080 ADMIN_PORT=8081 SOCKACT_MAP=${map}\nRestart=always\nRestartSec=100ms\n`,
      )}`,
    });
    await systemd.installUnits(units("8080=web"));
    await systemd.start("app.socket");
    const answer = systemd.request("http://127.0.0.1:80/");
    await systemd.waitForJournal("app.service", /restart counter is at [6-9]/);
    const journal = await systemd.journal("app.service");
    expect(journal.find((line) => line.includes("SOCKACT_ERR_NAME_UNKNOWN"))).toMatch(
      /sockact: fatal: SOCKACT_ERR_NAME_UNKNOWN: SOCKACT_MAP names web, but no socket of that name was passed.* The name is that of FileDescriptorName= in the socket unit/,
    );
    expect(journal.join("\n")).not.toContain("    at ");
    await systemd.installUnits(units("8080=http"));
    expect(await answer).toMatchObject({ status: 200, body: "app" });
  });

  test("the two sockets of docs/preload.md work", async () => {
    const page = readFileSync(new URL("../../../docs/preload.md", import.meta.url), "utf8");
    const [, , ...units] = page.matchAll(/```ini\n# (\S+)\n([^]*?)```/g);
    const here = Object.fromEntries(
      units.map(([, file, text = ""]) => [
        file,
        text
          .replace(/^ExecStart=.*/m, `ExecStart=${systemd.node} ${inside(appFile("two-ports.mjs"))}`)
          .replace(/\/srv\/app\/node_modules\/\S*/, inside(preload))
          .replace("/srv/app", systemd.project)
          .replace("[Service]", "[Service]\nEnvironment=PORT=3000 ADMIN_PORT=3001"),
      ]),
    );
    await systemd.installUnits(here);
    await systemd.start("app.socket", "app-admin.socket");
    expect((await systemd.request("http://127.0.0.1:8081/")).body).toBe("admin");
    expect((await systemd.request("http://localhost:80/")).body).toBe("app");
  });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "@sockact/testkit";
import { untilAnotherSleeps } from "./lifecycle-app.ts";
import { good, VersionedService } from "./versioned-service.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "a service that hands over", () => {
  let service: VersionedService;
  const show = (...properties: string[]): Promise<string[]> =>
    Promise.all(properties.map((property) => service.systemd.show("app.service", property)));
  const install = async (more: string, version = good("1")): Promise<void> => {
    await service.install(more);
    await service.deploy(version);
    await service.start();
    await service.newLines();
  };
  beforeAll(async () => {
    service = await VersionedService.boot();
  });
  afterAll(() => service?.systemd.close());

  test("answers on the same connection with the new process, and each reload starts one", async () => {
    // The option of listen() is enough, without the variable.
    const version = (number: number): string => good(String(number), "handover: true");
    await install("UnsetEnvironment=SOCKACT_HANDOVER", version(0));
    await using client = await service.connect();
    const answer = (number: number, pid: number): RegExp => new RegExp(`\\r\\n\\r\\n ${pid} ${number}$`);
    let old = await service.pid();
    await client.get("/").receives(answer(0, old));
    for (const number of [1, 2, 3]) {
      await service.deploy(version(number));
      expect(await service.reload()).toMatchObject({ code: 0 });
      const pid = await service.untilOneProcess();
      expect(pid).not.toBe(old);
      expect(await service.status()).toMatch(new RegExp(`^Serving .*; took over from process ${old}$`));
      await client.get("/").receives(answer(number, pid));
      old = pid;
    }
    const lines = await service.newLines();
    expect(lines.filter((line) => line === "sockact: reloading")).toHaveLength(3);
    expect(lines).not.toContainEqual(expect.stringContaining("not our child"));

    // systemd waits for the process that has taken over.
    await service.systemd.stop("app.service");
    expect(await show("Result")).toEqual(["success"]);
    const own = (await service.newLines()).filter((line) => line.startsWith("sockact: "));
    expect(own).toEqual([expect.stringMatching(/^sockact: SIGTERM: draining/), "sockact: drained"]);
  });

  test("with a watchdog is not killed during handovers, and is killed when the new process is blocked", async () => {
    await install("WatchdogSec=2s\nEnvironment=SOCKACT_HANDOVER_TIMEOUT=3s");
    for (const version of ["2", "3"]) {
      await service.deploy(good(version));
      expect(await service.reload()).toMatchObject({ code: 0 });
    }
    await service.deploy(good("4", "onListen: () => new Promise(() => {})"));
    expect(await service.reload()).toMatchObject({ code: 1 });
    await service.deploy(
      good(
        "5",
        `onConnection: (socket) => socket.once("data", (data) => { if (data.includes("/block")) for (;;); })`,
      ),
    );
    expect(await service.reload()).toMatchObject({ code: 0 });
    expect(await service.untilOneProcess()).toBe(await service.pid());
    expect(await show("NRestarts", "Result")).toEqual(["0", "success"]);
    await service.systemd.request("http://127.0.0.1/block").catch(() => {});
    await service.systemd.waitForJournal("app.service", /Watchdog timeout/);
    await service.systemd.waitUntil(async () => (await show("NRestarts"))[0] === "1", "it restarts");
  });

  test("with an idleTimeout does not sleep during a handover, and sleeps and wakes after it", async () => {
    await install("Environment=SOCKACT_IDLE_TIMEOUT=500ms SOCKACT_DRAIN_TIMEOUT=60s");
    await service.systemd.write("/run/hold", "");
    await using clients = service.startClients(1, "/held");
    await service.systemd.waitUntil(async () => (await service.newLines()).includes("/held"), "it is asked");
    // The new process needs longer than the idleTimeout.
    await service.deploy(good("2", "onListen: () => new Promise((resolve) => setTimeout(resolve, 1000))"));
    expect(await service.reload()).toMatchObject({ code: 0 });
    // The old process still has a response under way. The new one, which has no connection, must go on
    // accepting.
    await service.systemd.waitUntil(async () => (await service.version()) === "2", "it serves");
    await untilAnotherSleeps(1000);
    expect(await service.processes()).toHaveLength(2);
    expect(await service.version()).toBe("2");
    await service.systemd.mustRun(["rm", "/run/hold"]);
    await clients.untilAnswered();
    expect(await clients.failures()).toEqual({ failed: {}, connections: 1 });
    await service.systemd.waitForUnit("app.service", "ActiveState", "inactive");
    expect(await show("Result", "NRestarts", "StatusText")).toEqual([
      "success",
      "0",
      expect.stringMatching(/^Asleep/),
    ]);
    expect(await service.version()).toBe("2");
  });

  test("by systemd-notify, which needs NotifyAccess=all, hands over too", async () => {
    await install(
      "OpenFile=\nNotifyAccess=all\nRestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX\nPrivateUsers=no",
    );
    await service.deploy("process.exit(3);");
    expect(await service.reload()).toMatchObject({ code: 1 });
    await service.deploy(good("2"));
    const before = await service.pid();
    await using clients = await service.clients();
    expect(await service.reload()).toMatchObject({ code: 0 });
    const pid = await service.untilOneProcess();
    expect(pid).not.toBe(before);
    await clients.round();
    expect(await clients.failures()).toEqual({ failed: {}, connections: 8 });
    expect(await service.status()).toMatch(new RegExp(`took over from process ${before}$`));
    expect(await show("ActiveState", "NRestarts")).toEqual(["active", "0"]);
  });

  test("reports the result of a reload, not that of a signal that someone has sent before", async () => {
    await install("");
    await service.deploy("process.exit(3);");
    await service.systemd.systemctl("kill", "--kill-whom=main", "--signal=HUP", "app.service");
    await service.systemd.waitUntil(
      async () => (await service.newLines()).some((line) => line.includes("the handover failed")),
      "it fails",
    );
    await service.deploy(good("2"));
    expect(await service.reload()).toMatchObject({ code: 0, stderr: "" });
    expect(await service.version()).toBe("2");
  });
});

import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ask, bootForDoctor, install, plainServer, remove } from "./doctor.ts";

describeWith({ privateSystemd: true }, "sockact doctor, on sockets that do not listen", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    await systemd.write("/srv/shop/server.js", plainServer);
    await systemd.write("/srv/shop/ends.js", "process.exit(Number(process.argv[2]));");
  });
  afterAll(() => systemd?.close());
  afterEach(() => remove(systemd, "shop", "rival", "needs", "stall"));

  const connect = (path: string) => {
    const script = `require("node:net").connect(${JSON.stringify(path)}).on("error", () => {}); setInterval(() => {}, 1000)`;
    return systemd.spawn([systemd.node, "-e", script], { stdio: "ignore" });
  };

  it("finds a socket that was never started, and one that is not enabled", async () => {
    await install(systemd, { name: "shop" });
    await systemd.mustRun(["systemctl", "disable", "shop.socket"]);
    expect((await ask(systemd, "shop")).finding("not-enabled")).toMatchObject({
      severity: "warning",
      unit: "shop.socket",
      copy: ["systemctl enable shop.socket"],
    });
    await systemd.stop("shop.socket");
    const answer = await ask(systemd, "shop");
    expect(answer.codes).toEqual(["socket-inactive"]);
    expect(answer.finding("socket-inactive")).toMatchObject({
      unit: "shop.socket",
      copy: ["systemctl enable --now shop.socket"],
    });
    expect(answer.code).toBe(2);
  });

  it("names the unit and the process that have the port", async () => {
    await install(systemd, { name: "rival", sockets: [{ listen: "0.0.0.0:8080" }] });
    await install(systemd, { name: "shop", sockets: [{ listen: 8080 }] });
    const bySocket = await ask(systemd, "shop");
    expect(bySocket.codes).toEqual(["port-taken"]);
    expect(bySocket.finding("port-taken")).toMatchObject({
      unit: "shop.socket",
      message: "shop.socket can't listen on [::]:8080: it is in use by rival.socket.",
      copy: ["systemctl disable --now rival.socket", "systemctl start shop.socket"],
    });
    await systemd.stop("rival.socket");
    const script = `require("node:http").createServer().listen(8080, () => console.log("up"))`;
    const rival = systemd.spawn([systemd.node, "-e", script]);
    await new Promise((resolve) => rival.stdout!.once("data", resolve));
    await systemd.run(["systemctl", "start", "shop.socket"]);
    const { message, evidence, copy } = (await ask(systemd, "shop")).finding("port-taken");
    const [, pid] = /in use by process (\d+) \(\S+ -e\)\./.exec(message) ?? [];
    expect(evidence[1]!.text).toContain(`[::]:8080 is open in process ${pid}: `);
    expect(copy).toEqual([`kill ${pid}`, "systemctl start shop.socket"]);
    const asNobody = await ask(systemd, "shop", ["setpriv", "--reuid=65534", "--clear-groups"]);
    expect(asNobody.finding("port-taken").copy[0]).toBe("sudo ss -ltnp sport = :8080");
    expect(asNobody.unseen.map(({ how }) => how)).toContain("sudo sockact doctor shop.service");
    rival.kill();
  });

  it("shows the journal of a socket that has failed otherwise", async () => {
    await install(systemd, { name: "shop" }, (text) =>
      text.replace("ListenStream=/run/shop.sock", "ListenStream=/sys/shop.sock"),
    );
    const answer = await ask(systemd, "shop");
    expect(answer.codes).toEqual(["socket-failed"]);
    expect(answer.finding("socket-failed").evidence[1]).toMatchObject({
      text: expect.stringContaining("Failed to create listening socket (/sys/shop.sock)"),
      source: "journal of shop.socket",
    });
  });

  it("says that the service was started too often, and how it has ended", async () => {
    await install(systemd, { name: "shop", exec: [systemd.node, "/srv/shop/ends.js", "7"] }, (text) =>
      text.replaceAll(/^(?:Restart|RestartSec|StartLimitIntervalSec)=.*\n/gm, ""),
    );
    const client = connect("/run/shop.sock");
    await systemd.waitForUnit("shop.socket", "ActiveState", "failed");
    const answer = await ask(systemd, "shop");
    // What it follows from comes first.
    expect(answer.codes.slice(0, 2)).toEqual(["app-crashed", "start-limit-hit"]);
    expect(answer.codes).not.toContain("restart-loop");
    expect(answer.finding("start-limit-hit")).toMatchObject({
      unit: "shop.socket",
      message: expect.stringContaining("It exited with 7. shop.socket does not listen any more."),
      copy: expect.arrayContaining([
        "systemctl reset-failed shop.service shop.socket",
        "systemctl start shop.socket",
      ]),
    });
    client.kill();
  });

  it("says that the socket has started its service too often", async () => {
    await install(systemd, { name: "shop", conditionPathExists: "/nowhere" }, (text) =>
      text.replace(/^TriggerLimitIntervalSec=.*\n/m, ""),
    );
    const client = connect("/run/shop.sock");
    await systemd.waitForUnit("shop.socket", "ActiveState", "failed");
    const answer = await ask(systemd, "shop");
    expect(answer.finding("trigger-limit-hit")).toMatchObject({
      unit: "shop.socket",
      message: expect.stringContaining("a condition of the service is not met"),
      copy: expect.arrayContaining(["systemctl start shop.socket"]),
      evidence: expect.arrayContaining([
        { text: "ConditionPathExists=/nowhere", source: "/etc/systemd/system/shop.service" },
      ]),
    });
    client.kill();
  });

  it("says which other unit keeps the service from starting", async () => {
    const oneshot = "[Service]\nType=oneshot\nExecStart=/bin/false\n";
    await systemd.write("/etc/systemd/system/database.service", oneshot);
    const requires = (unit: string) => (text: string, file: string) =>
      file.endsWith(".socket")
        ? text.replace(/^TriggerLimitIntervalSec=.*\n/m, "")
        : text.replace("[Unit]\n", `[Unit]\nRequires=${unit}\nAfter=${unit}\n`);
    // Names of their own, since the limit of an earlier socket is used up for a while.
    await install(systemd, { name: "needs" }, requires("database.service"));
    let client = connect("/run/needs.sock");
    await systemd.waitForUnit("needs.socket", "ActiveState", "failed");
    client.kill();
    const { message } = (await ask(systemd, "needs")).finding("trigger-limit-hit");
    expect(message).toMatch(/: needs\.service requires database\.service, which has failed\.$/);
    await install(systemd, { name: "stall" }, requires("nowhere.service"));
    client = connect("/run/stall.sock");
    await systemd.waitForUnit("stall.socket", "Result", "resources");
    client.kill();
    const answer = await ask(systemd, "stall");
    expect(answer.codes).toEqual(["unit-not-loaded"]);
    expect(answer.finding("unit-not-loaded").message).toBe(
      "stall.service requires nowhere.service, which does not exist. So it can't start.",
    );
  });

  it("says that a user's own manager may not open port 80", async () => {
    await systemd.mustRun(["sh", "-c", "mkdir -p /run/user && mkdir -m 700 /run/user/0"]);
    // The manager of an ordinary user can't start here. This one may do as little as that.
    await systemd.write(
      "/etc/systemd/system/user@0.service.d/50-ports.conf",
      "[Service]\nCapabilityBoundingSet=~CAP_NET_BIND_SERVICE\n",
    );
    await systemd.systemctl("daemon-reload");
    await systemd.write("/etc/systemd/user/mine.socket", "[Socket]\nListenStream=80\n");
    await systemd.write(
      "/etc/systemd/user/mine.service",
      `[Unit]\nRequires=mine.socket\n[Service]\nExecStart=${systemd.node} /srv/shop/server.js\n`,
    );
    await systemd.start("user@0.service");
    const asUser = ["env", "XDG_RUNTIME_DIR=/run/user/0"];
    await systemd.run([...asUser, "systemctl", "--user", "start", "mine.socket"]);
    const answer = await ask(systemd, "mine", asUser, "--user");
    expect(answer.finding("port-forbidden")).toMatchObject({
      unit: "mine.socket",
      message: "mine.socket may not listen on port 80: without root, the lowest port is 1024.",
    });
    await systemd.stop("user@0.service");
  });

  it("says that the service runs without its socket, and why it could", async () => {
    const withoutRequires = (text: string) => text.replaceAll(/^(?:Requires|After|Sockets)=.*\n/gm, "");
    await systemd.write("/srv/shop/own.js", `require("node:http").createServer().listen(3000);`);
    await install(systemd, { name: "shop", exec: [systemd.node, "/srv/shop/own.js"] }, withoutRequires);
    await systemd.stop("shop.socket");
    await systemd.start("shop.service");
    const { code } = await systemd.run(["systemctl", "start", "shop.socket"]);
    expect(code).toBe(1);
    const answer = await ask(systemd, "shop");
    expect(answer.codes).toEqual(["service-without-socket"]);
    expect(answer.finding("service-without-socket")).toMatchObject({
      unit: "shop.service",
      message:
        "shop.service runs without shop.socket. It does not require the socket, so it can be started alone.",
      evidence: expect.arrayContaining([
        { text: "LISTEN_FDS is not set", source: expect.stringMatching(/^\/proc\/\d+\/environ$/) },
        { text: expect.stringContaining("already active, refusing"), source: "journal of shop.socket" },
      ]),
      copy: expect.arrayContaining(["  Requires=shop.socket", "systemctl stop shop.service"]),
    });
  });
});

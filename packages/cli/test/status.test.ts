import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sockactInside } from "./run.ts";
import { install, openClient, sockact } from "./services.ts";

interface Report {
  services: Record<string, unknown>[];
  hidden: number;
}

describeWith({ privateSystemd: true, systemd: 253 }, "sockact status", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install(systemd, { name: "shop", sockets: [{ listen: 80 }], hardening: "inbound" });
    await install(systemd, { name: "blog", sockets: [{ listen: "127.0.0.1:81" }] });
    await install(systemd, {
      name: "multi",
      sockets: [
        { name: "admin", listen: "/run/multi.sock" },
        { name: "http", listen: "[::1]:82" },
      ],
    });
    await install(systemd, { name: "pair", sockets: [{ listen: 83 }], rolling: true });
    await install(systemd, { name: "slow", sockets: [{ listen: 84 }] }, { silent: true });
    await install(systemd, { name: "broken", sockets: [{ listen: 85 }], restart: "no" }, { crash: true });
    await install(systemd, { name: "loop", sockets: [{ listen: 86 }], restartSec: "9min" }, { crash: true });
    await install(systemd, { name: "drain", sockets: [{ listen: 87 }], drainTimeout: "60s" });
    await systemd.installUnits({
      "each.socket": "[Socket]\nListenStream=88\nAccept=yes\n",
      "each@.service": "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n",
    });
    await systemd.start("each.socket");
  });
  afterAll(() => systemd?.close());

  async function report(...args: string[]): Promise<Report> {
    const { stdout, stderr } = await sockact(systemd, "status", "--json", ...args);
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Report;
  }

  async function statusOf(name: string): Promise<Record<string, unknown>> {
    const { services } = await report(name);
    expect(services).toHaveLength(1);
    return services[0]!;
  }

  async function until(name: string, expected: Record<string, unknown>): Promise<void> {
    const isSo = async () => {
      const status = await statusOf(name);
      return Object.entries(expected).every(
        ([key, value]) => JSON.stringify(status[key]) === JSON.stringify(value),
      );
    };
    await systemd.waitUntil(isSo, `${name} was ${JSON.stringify(expected)}`);
  }

  const clientsOf = async (targets: Parameters<typeof openClient>[1][]): Promise<ChildProcess[]> =>
    Promise.all(targets.map((target) => openClient(systemd, target)));

  it("shows a service that sleeps, and then runs: its process, memory, clients and wake", async () => {
    expect(await statusOf("shop")).toMatchObject({
      name: "shop",
      service: "shop.service",
      kind: "single",
      state: "asleep",
      pids: [],
      user: "shop",
      memory: null,
      connections: { open: 0, waiting: 0 },
      restarts: 0,
      lastStart: null,
      exposure: 0.2,
    });
    const [, ...others] = await clientsOf([{ port: 80 }, { port: 80 }, { port: 80 }]);
    await systemd.waitForUnit("shop.service", "ActiveState", "active");
    await until("shop", { connections: { open: 3, waiting: 0 } });
    const status = await statusOf("shop");
    const pid = Number(await systemd.show("shop.service", "MainPID"));
    expect(status).toMatchObject({ state: "awake", pids: [pid], lastStart: { took: expect.any(Number) } });
    const { at, took } = status["lastStart"] as { at: string; took: number };
    expect(Math.abs(Date.now() - new Date(at).getTime())).toBeLessThan(60_000);
    expect(took).toBeGreaterThan(20);
    expect(status["memory"]).toBeGreaterThan(10e6);
    for (const client of others) client.kill();
    await until("shop", { connections: { open: 1, waiting: 0 } });
  });

  it("counts the clients of each address of a service with several sockets", async () => {
    await clientsOf([{ path: "/run/multi.sock" }, { path: "/run/multi.sock" }, { host: "::1", port: 82 }]);
    await until("multi", { state: "awake", connections: { open: 3, waiting: 0 } });
    expect((await statusOf("multi"))["sockets"]).toMatchObject([
      {
        unit: "multi-admin.socket",
        active: "active",
        name: "admin",
        backlog: expect.any(Number),
        addresses: [
          { address: "/run/multi.sock", type: "stream", listens: true, clients: { open: 2, waiting: 0 } },
        ],
      },
      {
        unit: "multi-http.socket",
        addresses: [{ address: "[::1]:82", type: "stream", clients: { open: 1, waiting: 0 } }],
      },
    ]);
  });

  it("shows a service that starts, is about to start again, drains, or has failed", async () => {
    await clientsOf([{ port: 84 }, { port: 85 }, { port: 86 }]);
    await until("slow", { state: "starting" });
    await until("loop", { state: "restarting", connections: { open: 0, waiting: 1 } });
    await systemd.waitForUnit("broken.socket", "ActiveState", "failed");
    const codes = async (name: string) =>
      ((await statusOf(name))["warnings"] as { code: string }[]).map(({ code }) => code);
    expect(await codes("broken")).toEqual(["failed", "socket-failed"]);
    expect(await codes("loop")).toEqual(["restarting", "not-enabled"]);
    const failed = await sockact(systemd, "status", "broken");
    const exitCodeOf = async (name: string) => (await sockact(systemd, "status", name)).code;
    expect([failed.code, await exitCodeOf("loop"), await exitCodeOf("slow")]).toEqual([3, 3, 0]);
    expect(failed.stdout).toMatch(/broken\.service has failed: it exited with 1\n +sockact doctor broken/);
    expect(failed.stdout).toContain(
      "broken.socket has failed (service-start-limit-hit): its clients are refused\n  systemctl reset-failed broken.socket broken.service && systemctl start broken.socket\n",
    );

    const held = systemd.request("http://127.0.0.1:87/hold");
    await systemd.waitForJournal("drain.service", /holds a request/);
    await systemd.systemctl("stop", "--no-block", "drain.service");
    await until("drain", { state: "draining", connections: { open: 1, waiting: 0 } });
    await systemd.systemctl("kill", "--signal=USR2", "drain.service");
    expect((await held).body).toBe("released");
    await until("drain", { state: "asleep" });
    // systemd keeps the last status of the app: "Draining 0 connections".
    expect((await statusOf("drain"))["units"]).toMatchObject([{ text: null }]);
    expect((await sockact(systemd, "status", "drain")).stdout).not.toContain("says:");
  });

  it("shows a rolling pair as one service", async () => {
    await systemd.request("http://127.0.0.1:83/");
    const blue = Number(await systemd.show("pair@blue.service", "MainPID"));
    expect(await statusOf("pair")).toMatchObject({
      service: "pair@.service",
      kind: "rolling",
      state: "awake",
      pids: [blue],
      user: "pair",
    });
    await systemd.start("pair@green.service");
    const green = Number(await systemd.show("pair@green.service", "MainPID"));
    expect(await statusOf("pair@blue")).toMatchObject({ name: "pair", pids: [blue, green] });
  });

  it("shows a socket with Accept=yes as one service", async () => {
    expect(await statusOf("each")).toMatchObject({ kind: "accept", state: "asleep", pids: [] });
    await clientsOf([{ port: 88 }, { port: 88 }]);
    await until("each", { state: "awake", connections: { open: 2, waiting: 0 } });
    const { pids, units } = await statusOf("each");
    expect([pids, units]).toEqual([
      expect.objectContaining({ length: 2 }),
      expect.objectContaining({ length: 2 }),
    ]);
  });

  it("finds a service by each of its names, and suggests one that is near", async () => {
    for (const name of ["multi.service", "multi-http"])
      expect(await statusOf(name)).toMatchObject({ name: "multi" });
    for (const name of ["pair.socket", "pair@.service"])
      expect(await statusOf(name)).toMatchObject({ name: "pair" });
    const { code, stdout, stderr } = await sockact(systemd, "status", "shpo");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /no socket starts a service named "shpo" \(SOCKACT_ERR_UNIT_UNKNOWN\)\nDid you mean shop\?/,
    );
  });

  it("prints a table of all, and hides the services of the system", async () => {
    const { code, stdout } = await sockact(systemd, "status");
    expect(code).toBe(0);
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual([
      "NAME",
      "ADDRESS",
      "STATE",
      "PID",
      "USER",
      "MEMORY",
      "CONN",
      "RESTARTS",
      "LAST START",
      "RISK",
    ]);
    const names = rows.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(["blog", "broken", "each", "multi", "pair", "shop"]));
    expect(names).not.toContain("systemd-journald");
    expect(rows.find(([name]) => name === "blog")).toEqual([
      "blog",
      "127.0.0.1:81",
      "asleep",
      "–",
      "blog",
      "–",
      "0",
      "0",
      "–",
      "1.1",
    ]);
    expect(stdout).toMatch(/units do not listen after the next boot\n +systemctl enable .*blog\.socket/);
    expect(stdout).toMatch(/\d+ services of the system are not shown: --all\n$/);
    const all = await sockact(systemd, "status", "--all");
    expect(all.stdout).toMatch(/^systemd-journald +/m);
    expect(all.stdout).not.toContain("not shown");
    // A socket that the distribution disables does not cause a warning.
    expect(all.stdout).not.toMatch(/systemctl (?:stop|start|enable) systemd-/);
  });

  it("shows everything but the log to a user who may not read that", async () => {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...sockactInside(systemd)];
    // Node closes a silent client after a while.
    const client = await openClient(systemd, { port: 80 });
    await until("shop", { state: "awake" });
    const all = JSON.parse(
      await systemd.mustRun([...nobody, "status", "--json"], { timeout: 60_000 }),
    ) as Report;
    client.kill();
    const shop = all.services.find(({ name }) => name === "shop");
    expect(shop).toMatchObject({
      state: "awake",
      connections: { open: expect.any(Number) },
      memory: expect.any(Number),
      exposure: 0.2,
    });
    const { stdout } = await systemd.run([...nobody, "status", "shop"]);
    expect(stdout).toContain("You may not read the log. ");
  });

  it("shows one service with its log and what needs attention", async () => {
    const { code, stdout } = await sockact(systemd, "status", "shop");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^● shop awake\n {2}Sockets +shop\.socket: listens, disabled, \d+ clients may wait\n +\[::\]:80: \d connections?\n/,
    );
    expect(stdout).toMatch(
      /Service +shop\.service: active \(running\), Type=notify\n +pid \d+, user shop, \d+ MB\n/,
    );
    expect(stdout).toMatch(/Command .*service\.mjs shop\n/);
    expect(stdout).toMatch(/Last start +\d+ \w+ ago, ready after [\d.]+ m?s\n/);
    expect(stdout).toMatch(/\d\d:\d\d:\d\d shop\[\d+\]: sockact: listening on \[::\]:80\n/);
  });

  it("says that a unit has changed on disk, and that one is stopped or masked", async () => {
    await systemd.write("/run/systemd/system/blog.service.d/10.conf", "[Service]\nNice=1\n");
    const changed = (await statusOf("blog"))["warnings"];
    expect(changed).toContainEqual({
      code: "changed-on-disk",
      units: ["blog.service"],
      message: "blog.service has changed on disk since systemd read it",
      fix: "systemctl daemon-reload",
    });
    await systemd.systemctl("daemon-reload");
    await systemd.stop("blog.socket");
    expect(await statusOf("blog")).toMatchObject({ state: "stopped" });
    expect((await sockact(systemd, "status", "blog")).code).toBe(3);
    await systemd.systemctl("mask", "blog.service");
    expect(await statusOf("blog")).toMatchObject({
      state: "not loaded",
      warnings: [
        {
          code: "not-loaded",
          message: "blog.service is masked",
          fix: "systemctl unmask blog.service",
        },
        { code: "not-listening", units: ["blog.socket"] },
      ],
    });
    await systemd.systemctl("unmask", "blog.service");
    await systemd.start("blog.socket");
    expect(await statusOf("blog")).toMatchObject({ state: "asleep" });
  });

  describe("--watch", () => {
    it("prints a line of JSON each second, until Ctrl-C", async () => {
      const child = systemd.spawn([...sockactInside(systemd), "status", "blog", "--json", "--watch"]);
      const lines = createInterface({ input: child.stdout! });
      const [first] = (await once(lines, "line")) as [string];
      expect(JSON.parse(first)).toMatchObject({ services: [{ name: "blog", state: "asleep" }] });
      await systemd.request("http://127.0.0.1:81/");
      let state: unknown;
      while (state !== "awake") {
        const [line] = (await once(lines, "line")) as [string];
        state = (JSON.parse(line) as Report).services[0]!["state"];
      }
      child.kill("SIGINT");
      expect(await once(child, "close")).toEqual([0, null]);
    });

    it("paints over the table in a terminal, and gives the cursor back at Ctrl-C", async () => {
      const command = ["exec", ...sockactInside(systemd), "status", "--watch"].join(" ");
      const terminal = systemd.spawn(["script", "--quiet", "--return", "--command", command, "/dev/null"], {
        env: { TERM: "xterm", COLUMNS: "80", LINES: "24" },
      });
      let screen = "";
      terminal.stdout!.setEncoding("utf8").on("data", (chunk: string) => (screen += chunk));
      while (screen.split("\u001B[H").length < 3) await once(terminal.stdout!, "data");
      terminal.stdin!.write("\u0003");
      expect(await once(terminal, "close")).toEqual([0, null]);
      expect(screen.startsWith("\u001B[?25l\u001B[2J\u001B[H")).toBe(true);
      expect(screen.split("\u001B[2J")).toHaveLength(2);
      expect(screen.trimEnd().endsWith("\u001B[?25h")).toBe(true);
    });

    it("ends when its output has no reader", async () => {
      const { code } = await systemd.run([
        "sh",
        "-c",
        `"$@" | head -n 1; echo done`,
        "sh",
        ...sockactInside(systemd),
        "status",
        "--watch",
      ]);
      expect(code).toBe(0);
    });
  });

  it("shows each instance of a template with its socket", async () => {
    await systemd.installUnits({
      "tenant@.socket": "[Socket]\nListenStream=/run/tenant-%i.sock\n",
      "tenant@.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    });
    await systemd.start("tenant@eu.socket", "tenant@us.socket");
    const { services } = await report();
    expect(services.filter(({ name }) => String(name).startsWith("tenant"))).toMatchObject([
      { name: "tenant@eu", kind: "single", service: "tenant@eu.service", state: "asleep" },
      { name: "tenant@us", kind: "single", service: "tenant@us.service", state: "asleep" },
    ]);
  });

  it("is not misled by the commands of units, and shows no secrets and no escape sequences of them", async () => {
    const rude = String.raw`/bin/sh -c "echo a\n\nId=shop.service\nActiveState=failed\necho \x1b]0;mine\x07\x1b[31m --db=postgres://me:hidden@h/d"`;
    await systemd.installUnits(
      {
        "rude.socket": "[Socket]\nListenStream=/run/rude.sock\n",
        "rude.service": `[Service]\nExecStart=${rude}\n`,
        "dash@.socket": "[Socket]\nListenStream=/run/%i\n[Install]\nWantedBy=sockets.target\n",
        "dash@.service": "[Service]\nExecStart=/bin/sleep infinity\n",
      },
      { verify: false },
    );
    await systemd.start("rude.socket", String.raw`dash@\x2d-all.socket`);
    const { services } = await report();
    expect(services.find(({ name }) => name === "shop")!["state"]).not.toBe("failed");
    expect(services.find(({ name }) => name === "rude")).toMatchObject({
      state: "asleep",
      units: [
        { unit: "rude.service", active: "inactive", command: expect.stringContaining("postgres://…@h/d") },
      ],
    });
    expect(services.filter(({ name }) => String(name).startsWith("dash"))).toMatchObject([
      {
        name: String.raw`dash@\x2d-all`,
        state: "asleep",
        warnings: [{ code: "not-enabled", fix: String.raw`systemctl enable 'dash@\x2d-all.socket'` }],
      },
    ]);
    const { stdout } = await sockact(systemd, "status", "rude");
    expect(stdout).toContain("Command    /bin/sh -c echo a Id=shop.service");
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u001B\u0007]|hidden/);
    await systemd.stop("rude.socket");
    expect(await statusOf("rude")).toMatchObject({ state: "stopped", warnings: [] });
  });

  it("shows 30 services", { tags: "campaign" }, async () => {
    const names = Array.from({ length: 30 }, (_, index) => `many${index}`);
    const units = names.flatMap((name, index) => [
      [`${name}.socket`, `[Socket]\nListenStream=127.0.0.1:${3000 + index}\n`],
      [`${name}.service`, "[Service]\nExecStart=/bin/sleep infinity\n"],
    ]);
    await systemd.installUnits(Object.fromEntries(units) as Record<string, string>, { verify: false });
    await systemd.start(...names.map((name) => `${name}.socket`));
    const { stdout } = await sockact(systemd, "status");
    expect(stdout.match(/^many\d+ +127\.0\.0\.1:30\d\d +asleep /gm)).toHaveLength(30);
  });
});

import {
  bootPrivateSystemd,
  describeWith,
  type PrivateSystemd,
  systemdVersion,
  isLongRun,
  LONG_ONLY,
} from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lintUnits } from "../src/index.ts";

describeWith({ privateSystemd: true }, "what the linter says of a running systemd", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  async function install(files: Record<string, string>): Promise<string[]> {
    await systemd.installUnits(files, { verify: false });
    return lintUnits(files).map(({ code }) => code);
  }

  it.each([
    ["ListenStream=81\nListenStream=0.0.0.0:81", true],
    ["ListenStream=81\nListenStream=127.0.0.1:81", true],
    ["ListenStream=127.0.0.1:81\nListenStream=[::]:81", true],
    ["ListenStream=[::]:81\nListenStream=[::1]:81", true],
    ["ListenStream=0.0.0.0:81\nListenStream=127.0.0.1:81", true],
    ["ListenDatagram=81\nListenDatagram=0.0.0.0:81", false],
    ["ListenStream=/run/a.sock\nListenStream=/run/a.sock", false],
    ["ListenStream=81\nListenDatagram=81", false],
    ["ListenStream=0.0.0.0:81\nListenStream=[::1]:81", false],
    ["ListenStream=127.0.0.1:81\nListenStream=[::1]:81", false],
    ["ListenStream=81\nListenStream=0.0.0.0:81\nBindIPv6Only=ipv6-only", false],
    ["ListenStream=81\nListenStream=0.0.0.0:81\nBindIPv6Only=yes", false],
    ["ListenStream=81\nListenStream=0.0.0.0:81\nBindIPv6Only=no", true],
    ["ListenStream=[::]:81\nListenStream=[::1]:81\nBindIPv6Only=ipv6-only", true],
    ["ListenStream=81\nListenStream=0.0.0.0:81\nReusePort=yes", false],
  ])("is so of two addresses: %j", async (addresses, conflict) => {
    const codes = await install({
      "two.socket": `[Socket]\n${addresses}\n`,
      "two.service": "[Unit]\nRequires=two.socket\n[Service]\nExecStart=/bin/sleep infinity\n",
    });
    expect(codes.includes("address-conflict")).toBe(conflict);
    const { code } = await systemd.run(["systemctl", "start", "two.socket"]);
    await systemd.run(["sh", "-c", "systemctl stop two.socket; systemctl reset-failed two.socket"]);
    expect(code !== 0).toBe(conflict);
  });

  it.each([
    ["", false],
    ["PartOf=along.service", true],
    ["BindsTo=along.service", true],
    ["StopPropagatedFrom=along.service", true],
  ])("is so of a socket that stops along with its service: %s", async (line, closes) => {
    const codes = await install({
      "along.socket": `[Unit]\n${line}\n[Socket]\nListenStream=88\n`,
      "along.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    });
    expect(codes.includes("socket-stops-along")).toBe(closes);
    await systemd.start("along.socket", "along.service");
    const opened = () => systemd.show("along.socket", "InvocationID");
    const before = await opened();
    await systemd.systemctl("restart", "along.service");
    // With StopPropagatedFrom=, systemd 252 stops it when the service is stopped for good.
    const onlyByStop = line.startsWith("StopPropagatedFrom=") && systemdVersion()! < 257;
    expect((await opened()) !== before).toBe(closes && !onlyByStop);
    await systemd.systemctl("stop", "along.service");
    expect(await systemd.show("along.socket", "ActiveState")).toBe(closes ? "inactive" : "active");
    await systemd.systemctl("stop", "along.socket", "along.service");
  });

  it.each(["", "RuntimeDirectoryPreserve=yes\n"])(
    "is so of a socket in a RuntimeDirectory=; %s",
    async (kept) => {
      const codes = await install({
        "folder.socket": "[Socket]\nListenStream=/run/folder/http.sock\n",
        "folder.service": `[Unit]\nWants=folder.socket\n[Service]\nExecStart=/bin/sleep infinity\nRuntimeDirectory=folder\n${kept}`,
      });
      expect(codes.includes("runtime-directory")).toBe(kept === "");
      await systemd.start("folder.service");
      await systemd.stop("folder.service");
      const { code } = await systemd.run(["test", "-S", "/run/folder/http.sock"]);
      await systemd.stop("folder.socket");
      expect(code === 0).toBe(kept !== "");
    },
  );

  it("is so of IPAddressDeny= in the socket unit", async () => {
    const codes = await install({
      "denied.socket": "[Socket]\nListenStream=127.0.0.1:83\nIPAddressDeny=any\n",
      "denied.service": "[Unit]\nRequires=denied.socket\n[Service]\nExecStart=/bin/sleep infinity\n",
    });
    expect(codes).toContain("clients-blocked");
    await systemd.start("denied.socket");
    await expect(systemd.request({ url: "http://127.0.0.1:83/", timeout: 500 })).rejects.toThrow(
      "no answer in 500 ms",
    );
    expect(await systemd.show("denied.service", "ActiveState")).toBe("inactive");
  });

  it("is so of a package manager and a shell before the app: the sockets are not for it", async () => {
    const seen = `echo "$LISTEN_PID $(test "$LISTEN_PID" = "$$" && echo ours)" > /run/seen`;
    await systemd.write("/run/app.sh", `${seen}\nexec sleep infinity`);
    for (const [command, ours] of [
      ["cd / ; sh /run/app.sh", false],
      ["cd / ; exec sh /run/app.sh", true],
    ] as const) {
      await install({
        "wrapped.socket": "[Socket]\nListenStream=84\n",
        "wrapped.service": `[Service]\nType=exec\nExecStart=/bin/sh -c '${command}'\n`,
      });
      await systemd.start("wrapped.socket", "wrapped.service");
      await systemd.waitUntil(
        async () => (await systemd.run(["test", "-s", "/run/seen"])).code === 0,
        "it ran",
      );
      expect((await systemd.mustRun(["cat", "/run/seen"])).includes("ours")).toBe(ours);
      await systemd.stop("wrapped.service");
      await systemd.mustRun(["rm", "/run/seen"]);
    }
  });

  it.each([
    ["NODE /run/ours.mjs", true],
    ["NODE --watch /run/ours.mjs", false],
    ["/usr/bin/setsid --wait NODE /run/ours.mjs", false],
    ["/usr/sbin/runuser -u root -- NODE /run/ours.mjs", false],
    ["/usr/bin/su root -c 'NODE /run/ours.mjs'", false],
    ["/usr/sbin/chroot / NODE /run/ours.mjs", true],
    ["/usr/bin/env -i NODE /run/ours.mjs", false],
    ["/bin/bash -c 'NODE /run/ours.mjs'", true],
    ["/bin/sh -c 'cd / && exec NODE /run/ours.mjs'", true],
    ["/bin/dash -c 'NODE /run/ours.mjs'", false],
  ])("is so of what runs Node, and whether the sockets are for it: %s", async (command, ours) => {
    await systemd.write(
      "/run/ours.mjs",
      "import { writeFileSync } from 'node:fs'; writeFileSync('/run/ours', String(process.env.LISTEN_PID === String(process.pid))); setInterval(Object, 1e3);",
    );
    const codes = await install({
      "ours.socket": "[Socket]\nListenStream=87\n",
      "ours.service": `[Service]\nExecStart=${command.replace("NODE", systemd.node)}\n`,
    });
    expect(codes.some((code) => /^(?:exec-launcher|exec-shell|variable-unset)$/.test(code))).toBe(!ours);
    await systemd.start("ours.socket", "ours.service");
    await systemd.waitUntil(
      async () => (await systemd.run(["test", "-s", "/run/ours"])).code === 0,
      "it ran",
    );
    expect(await systemd.mustRun(["cat", "/run/ours"])).toBe(String(ours));
    await systemd.stop("ours.socket", "ours.service");
    await systemd.mustRun(["rm", "/run/ours"]);
  });

  it("is so of a file without a path: Node looks for it in /", async () => {
    const program = `${systemd.node} server.js`;
    const codes = await install({ "relative.service": `[Service]\nExecStart=${program}\n` });
    expect(codes).toContain("script-relative");
    await systemd.start("relative.service");
    await systemd.waitForUnit("relative.service", "ActiveState", "failed");
    expect((await systemd.journal("relative.service", "service")).join("\n")).toContain(
      "Cannot find module '/server.js'",
    );
  });

  it("is so of a package without a path: Node looks for it in /", async () => {
    const program = `${systemd.node} --import @sockact/register ${systemd.project}/examples/express/server.js`;
    const codes = await install({ "preload.service": `[Service]\nExecStart=${program}\n` });
    expect(codes).toContain("script-relative");
    await systemd.start("preload.service");
    await systemd.waitForUnit("preload.service", "ActiveState", "failed");
    expect((await systemd.journal("preload.service", "service")).join("\n")).toContain(
      "Cannot find package '@sockact/register' imported from /",
    );
  });

  it("applies to shell syntax: the program gets it as arguments", async () => {
    await systemd.write("/run/words.mjs", "console.log(JSON.stringify(process.argv.slice(2)))");
    for (const word of [">/run/x", "2>&1", "&&", "||", "|", "`id`", "~/app.json", "*.js"]) {
      const unit = `[Service]\nType=oneshot\nExecStart=${systemd.node} /run/words.mjs ${word}\n`;
      expect([word, await install({ "words.service": unit })]).toEqual([
        word,
        expect.arrayContaining(["exec-syntax"]),
      ]);
      await systemd.start("words.service");
      expect((await systemd.journal("words.service", "service")).at(-1)).toBe(JSON.stringify([word]));
    }
  });

  it.runIf(isLongRun)(`is so of a watchdog that nobody answers, whatever the type${LONG_ONLY}`, async () => {
    const unit = (more: string) =>
      `[Service]\n${more}WatchdogSec=1\nExecStart=${systemd.node} -e 'setInterval(Object, 1e3)'\n`;
    for (const type of ["", "Type=simple\n", "Type=exec\n"]) {
      expect(await install({ "watched.service": unit(type) })).toContain("watchdog-unheard");
      await systemd.start("watched.service");
      await systemd.waitForUnit("watched.service", "ActiveState", "failed");
      expect(await systemd.show("watched.service", "Result")).toBe("watchdog");
      await systemd.systemctl("reset-failed", "watched.service");
    }
    expect(await install({ "watched.service": unit("NotifyAccess=all\n") })).not.toContain(
      "watchdog-unheard",
    );
  });

  it.each(["", "FreeBind=true\n"])("is so of an address that no interface has yet; %s", async (free) => {
    const codes = await install({
      "early.socket": `[Socket]\nListenStream=10.9.8.7:85\n${free}`,
      "early.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    });
    expect(codes.includes("free-bind")).toBe(free === "");
    const { code } = await systemd.run(["systemctl", "start", "early.socket"]);
    await systemd.run(["sh", "-c", "systemctl stop early.socket; systemctl reset-failed early.socket"]);
    expect(code === 0).toBe(free !== "");
  });

  it.each([
    ["After=network-online.target", true],
    ["Wants=network-online.target", false],
    ["After=network-online.target\nDefaultDependencies=no", false],
    ["After=late.service", true],
    ["After=network.target", false],
  ])("is so of a circle at boot: %s", async (line, circle) => {
    const files = {
      "first.socket": `[Unit]\n${line}\n[Socket]\nListenStream=86\n`,
      "first.service": "[Service]\nExecStart=/bin/sleep infinity\n",
      "late.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    };
    expect((await install(files)).includes("order-cycle")).toBe(circle);
    // What a boot is: one transaction with all of these, and a service of the network that takes its time.
    await systemd.installUnits(
      {
        "waiting.service":
          "[Unit]\nBefore=network-online.target\n[Service]\nType=oneshot\nExecStart=/bin/true\n",
        "boot.target":
          "[Unit]\nRequires=basic.target sockets.target\nWants=first.socket first.service late.service network-online.target waiting.service\nAfter=basic.target\n",
        "sockets.target.d/first.conf": "[Unit]\nWants=first.socket\n",
      },
      { verify: false },
    );
    const { stderr } = await systemd.run([
      "systemd-analyze",
      "verify",
      "--man=no",
      "/run/systemd/system/boot.target",
    ]);
    expect(/first\.socket.*cycle|cycle.*first\.socket/.test(stderr)).toBe(circle);
  });

  /** Starts a socket whose service exits at once without accepting, and tells how often it ran, or that the port closed. */
  async function spins(name: string, socket: string, service: string, program: string) {
    const files = {
      [`${name}.socket`]: `[Socket]\nListenStream=/run/${name}.sock\n${socket}`,
      [`${name}.service`]: `[Unit]\nStartLimitIntervalSec=0\n[Service]\n${service}ExecStart=/run/${name}.js\n`,
    };
    await systemd.write(`/run/${name}.js`, `#!${program.replaceAll("RUNS", `/run/${name}.runs`)}\n`, 0o755);
    const codes = await install(files);
    await systemd.start(`${name}.socket`);
    await systemd.write(
      "/run/connect.mjs",
      "import net from 'node:net'; net.connect(process.argv[2]).on('error', Object); setInterval(Object, 1e3)",
    );
    const client = systemd.spawn([systemd.node, "/run/connect.mjs", `/run/${name}.sock`]);
    const runs = async () => (await systemd.run(["cat", `/run/${name}.runs`])).stdout.length;
    return {
      codes,
      runs,
      end: () => (client.kill("SIGKILL"), systemd.systemctl("stop", `${name}.socket`, `${name}.service`)),
    };
  }

  const shell = (status: number) => `/bin/sh\nprintf . >> RUNS\nexit ${status}`;
  const node = () => `${systemd.node}\nrequire("fs").appendFileSync("RUNS", ".");`;

  it("is so of a clean exit that is not restarted: the port closes at the trigger limit", async () => {
    const { codes, end } = await spins("closes", "", "Restart=on-failure\n", shell(0));
    expect(codes).toEqual(expect.arrayContaining(["trigger-limit", "clean-exit-spins"]));
    await systemd.waitForUnit("closes.socket", "Result", "trigger-limit-hit", 20_000);
    await end();
  });

  it("is so of a service that is restarted too fast: the port closes at the trigger limit", async () => {
    const { codes, end } = await spins("hastes", "", "Restart=always\nRestartSec=10ms\n", shell(0));
    expect(codes.filter((code) => /trigger|spins/.test(code))).toEqual(["trigger-limit"]);
    await systemd.waitForUnit("hastes.socket", "Result", "trigger-limit-hit", 20_000);
    await end();
  });

  it.runIf(isLongRun)(
    `is so of a clean exit that is not restarted: without the limit it is started without end${LONG_ONLY}`,
    async () => {
      const { codes, runs, end } = await spins(
        "spins",
        "TriggerLimitIntervalSec=0\n",
        "Restart=on-failure\n",
        node(),
      );
      expect(codes).toContain("clean-exit-spins");
      // A limit of twenty would have been reached.
      await systemd.waitUntil(async () => (await runs()) > 40, "it ran forty times", 20_000);
      expect(await systemd.show("spins.socket", "ActiveState")).toBe("active");
      await end();
    },
  );

  it.each([
    ["a crash that is not restarted", "crash-spins", "", "Restart=no\n"],
    ["a crash that is restarted at once", "restart-fast", "", "Restart=always\nRestartSec=0\n"],
  ])("is so of %s: it is started without end", async (_, code, unit, service) => {
    const { codes, runs, end } = await spins(code, `TriggerLimitIntervalSec=0\n${unit}`, service, shell(1));
    expect(codes).toContain(code);
    await systemd.waitUntil(async () => (await runs()) > 40, "it ran forty times", 20_000);
    expect(await systemd.show(`${code}.socket`, "ActiveState")).toBe("active");
    await end();
  });

  it("is so of a condition without a trigger limit: the start is tried without end", async () => {
    const limits = "TriggerLimitIntervalSec=0\n";
    const condition = "[Unit]\nConditionPathExists=/nowhere\n[Service]\nRestart=always\nRestartSec=1s\n";
    const { codes, end } = await spins("refused", limits, condition, shell(1));
    expect(codes).toContain("condition-spins");
    const tried = async () =>
      (await systemd.journal("refused.service", "manager")).filter((line) => line.includes("condition"))
        .length;
    await systemd.waitUntil(async () => (await tried()) > 100, "it was tried a hundred times", 20_000);
    await end();
  });

  it.each(["socket", "service"])(
    "is so of a %s with Conflicts=: the first connection closes the port",
    async (type) => {
      const other = type === "socket" ? "service" : "socket";
      const line = `[Unit]\nConflicts=enemy-${type}.${other}\n`;
      const codes = await install({
        [`enemy-${type}.socket`]: `${type === "socket" ? line : ""}[Socket]\nListenStream=/run/enemy-${type}.sock\n`,
        [`enemy-${type}.service`]: `${type === "service" ? line : ""}[Service]\nExecStart=/bin/sleep infinity\n`,
      });
      expect(codes).toContain("socket-conflicts");
      await systemd.start(`enemy-${type}.socket`);
      await systemd.start(`enemy-${type}.service`);
      await systemd.waitForUnit(`enemy-${type}.socket`, "ActiveState", "inactive");
      await systemd.stop(`enemy-${type}.service`);
    },
  );

  it.runIf(isLongRun).each([0, 1])(
    `is so of a service that systemd restarts: the limit is not reached after exits with %i${LONG_ONLY}`,
    async (status) => {
      const { codes, runs, end } = await spins(
        `kept${status}`,
        "",
        "Restart=always\nRestartSec=100ms\n",
        shell(status),
      );
      expect(codes.filter((code) => /trigger|spins/.test(code))).toEqual([]);
      await systemd.waitUntil(async () => (await runs()) > 30, "it ran thirty times", 20_000);
      expect(await systemd.show(`kept${status}.socket`, "ActiveState")).toBe("active");
      await end();
    },
  );

  it("is so of an invisible character: systemd keeps it in the value", async () => {
    const codes = await install({
      "hidden.service":
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nSyslogIdentifier=hid\u200bden\nExecStart=/bin/true\u202e\n",
    });
    expect(codes.filter((code) => code === "value-invisible")).toHaveLength(2);
    expect(await systemd.show("hidden.service", "SyslogIdentifier")).toBe("hid\u200bden");
    await systemd.run(["systemctl", "start", "hidden.service"]);
    expect(await systemd.show("hidden.service", "ExecMainStatus"), "no such program").toBe("203");
  });
});

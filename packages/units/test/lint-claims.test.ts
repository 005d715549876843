import { readFile } from "node:fs/promises";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lintUnits } from "../src/index.ts";

type Files = Record<string, string>;

const sleeps = "[Service]\nExecStart=/bin/sleep infinity\n";

// Each test has units and ports of its own, so they wait at the same time.
describeWith({ privateSystemd: true }, "what the linter says of a running systemd", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** Installs units, and returns the codes that the linter finds in each set of files. */
  async function install(...sets: Files[]): Promise<string[][]> {
    await systemd.installUnits(Object.assign({}, ...sets) as Files, { verify: false });
    return sets.map((files) => lintUnits(files).map(({ code }) => code));
  }

  /** A property of each of these units. */
  async function shown(property: string, units: readonly string[]): Promise<string[]> {
    return Promise.all(units.map((unit) => systemd.show(unit, property)));
  }

  const journal = async (unit: string) => (await systemd.journal(unit, "service")).join("\n");

  it.concurrent("is so of two addresses", async () => {
    const pairs: [addresses: string, conflict: boolean][] = [
      ["ListenStream=PORT\nListenStream=0.0.0.0:PORT", true],
      ["ListenStream=PORT\nListenStream=127.0.0.1:PORT", true],
      ["ListenStream=127.0.0.1:PORT\nListenStream=[::]:PORT", true],
      ["ListenStream=[::]:PORT\nListenStream=[::1]:PORT", true],
      ["ListenStream=0.0.0.0:PORT\nListenStream=127.0.0.1:PORT", true],
      ["ListenDatagram=PORT\nListenDatagram=0.0.0.0:PORT", false],
      ["ListenStream=/run/a.sock\nListenStream=/run/a.sock", false],
      ["ListenStream=PORT\nListenDatagram=PORT", false],
      ["ListenStream=0.0.0.0:PORT\nListenStream=[::1]:PORT", false],
      ["ListenStream=127.0.0.1:PORT\nListenStream=[::1]:PORT", false],
      ["ListenStream=PORT\nListenStream=0.0.0.0:PORT\nBindIPv6Only=ipv6-only", false],
      ["ListenStream=PORT\nListenStream=0.0.0.0:PORT\nBindIPv6Only=yes", false],
      ["ListenStream=PORT\nListenStream=0.0.0.0:PORT\nBindIPv6Only=no", true],
      ["ListenStream=[::]:PORT\nListenStream=[::1]:PORT\nBindIPv6Only=ipv6-only", true],
      ["ListenStream=PORT\nListenStream=0.0.0.0:PORT\nReusePort=yes", false],
    ];
    const sockets = pairs.map((_, index) => `two${index}.socket`);
    const codes = await install(
      ...pairs.map(([addresses], index) => ({
        [`two${index}.socket`]: `[Socket]\n${addresses.replaceAll("PORT", String(2000 + index))}\n`,
        [`two${index}.service`]: `[Unit]\nRequires=two${index}.socket\n${sleeps}`,
      })),
    );
    await systemd.run(["systemctl", "start", ...sockets]);
    const states = await shown("ActiveState", sockets);
    expect(
      pairs.map(([addresses], index) => [
        addresses,
        codes[index]!.includes("address-conflict"),
        states[index] === "failed",
      ]),
    ).toEqual(pairs.map(([addresses, conflict]) => [addresses, conflict, conflict]));
  });

  it.concurrent("is so of an address that no interface has yet", async () => {
    const codes = await install(
      ...["", "FreeBind=true\n"].map((free, index) => ({
        [`early${index}.socket`]: `[Socket]\nListenStream=10.9.8.7:85\n${free}`,
        [`early${index}.service`]: sleeps,
      })),
    );
    expect(codes.map((one) => one.includes("free-bind"))).toEqual([true, false]);
    const sockets = ["early0.socket", "early1.socket"];
    await systemd.run(["systemctl", "start", ...sockets]);
    expect(await shown("ActiveState", sockets)).toEqual(["failed", "active"]);
  });

  it.concurrent("is so of a socket that stops along with its service", async () => {
    const lines = ["", "PartOf=", "BindsTo=", "StopPropagatedFrom="];
    const services = lines.map((_, index) => `along${index}.service`);
    const sockets = lines.map((_, index) => `along${index}.socket`);
    const codes = await install(
      ...lines.map((line, index) => ({
        [sockets[index]!]:
          `[Unit]\n${line && line + services[index]!}\n[Socket]\nListenStream=/run/along${index}.sock\n`,
        [services[index]!]: sleeps,
      })),
    );
    expect(codes.map((one) => one.includes("socket-stops-along"))).toEqual([false, true, true, true]);
    await systemd.start(...sockets, ...services);
    const before = await shown("InvocationID", sockets);
    await systemd.restart(...services);
    const after = await shown("InvocationID", sockets);
    // With StopPropagatedFrom=, systemd 252 stops it when the service is stopped for good.
    expect(after.map((id, index) => id !== before[index])).toEqual([
      false,
      true,
      true,
      systemdVersion()! >= 257,
    ]);
    await systemd.stop(...services);
    expect(await shown("ActiveState", sockets)).toEqual(["active", "inactive", "inactive", "inactive"]);
  });

  it.concurrent("is so of a socket in a RuntimeDirectory=", async () => {
    const codes = await install(
      ...["", "RuntimeDirectoryPreserve=yes\n"].map((kept, index) => ({
        [`folder${index}.socket`]: `[Socket]\nListenStream=/run/folder${index}/http.sock\n`,
        [`folder${index}.service`]: `[Unit]\nWants=folder${index}.socket\n${sleeps}RuntimeDirectory=folder${index}\n${kept}`,
      })),
    );
    expect(codes.map((one) => one.includes("runtime-directory"))).toEqual([true, false]);
    await systemd.start("folder0.service", "folder1.service");
    await systemd.stop("folder0.service", "folder1.service");
    const exists = async (index: number) =>
      (await systemd.run(["test", "-S", `/run/folder${index}/http.sock`])).code === 0;
    expect([await exists(0), await exists(1)]).toEqual([false, true]);
  });

  it.concurrent("is so of IPAddressDeny= in the socket unit", async () => {
    const [codes] = await install({
      "denied.socket": "[Socket]\nListenStream=127.0.0.1:83\nIPAddressDeny=any\n",
      "denied.service": `[Unit]\nRequires=denied.socket\n${sleeps}`,
    });
    expect(codes).toContain("clients-blocked");
    await systemd.start("denied.socket");
    await expect(systemd.request({ url: "http://127.0.0.1:83/", timeout: 500 })).rejects.toThrow(
      "no answer in 500 ms",
    );
    expect(await systemd.show("denied.service", "ActiveState")).toBe("inactive");
  });

  it.concurrent("is so of what runs Node, and whether the sockets are for it", async () => {
    const commands: [command: string, ours: boolean][] = [
      ["NODE", true],
      ["NODE --watch", false],
      ["/usr/bin/setsid --wait NODE", false],
      ["/usr/sbin/runuser -u root -- NODE", false],
      ["/usr/bin/su root -c 'NODE'", false],
      ["/usr/sbin/chroot / NODE", true],
      ["/usr/bin/env -i NODE", false],
      ["/bin/bash -c 'NODE'", true],
      ["/bin/sh -c 'cd / && exec NODE'", true],
      ["/bin/dash -c 'NODE'", false],
    ];
    for (const index of commands.keys())
      await systemd.write(
        `/run/ours${index}.mjs`,
        `import { writeFileSync } from 'node:fs'; writeFileSync('/run/ours${index}', String(process.env.LISTEN_PID === String(process.pid))); setInterval(Object, 1e3);`,
      );
    const codes = await install(
      ...commands.map(([command], index) => ({
        [`ours${index}.socket`]: `[Socket]\nListenStream=/run/ours${index}.sock\n`,
        [`ours${index}.service`]: `[Service]\nExecStart=${command.replace(/NODE[^']*/, (node) => `${node.replace("NODE", systemd.node)} /run/ours${index}.mjs`)}\n`,
      })),
    );
    const found = codes.map((one) =>
      one.some((code) => /^(?:exec-launcher|exec-shell|variable-unset)$/.test(code)),
    );
    await systemd.start(...commands.flatMap((_, index) => [`ours${index}.socket`, `ours${index}.service`]));
    const read = (index: number) => readFile(systemd.hostPath(`/run/ours${index}`), "utf8").catch(() => "");
    const answers = await Promise.all(
      commands.map(async (_, index) => {
        await systemd.waitUntil(async () => (await read(index)) !== "", `command ${index} has run`, 50_000);
        return read(index);
      }),
    );
    expect(commands.map(([command], index) => [command, found[index], answers[index]])).toEqual(
      commands.map(([command, ours]) => [command, !ours, String(ours)]),
    );
  });

  it.concurrent("is so of a file or a package without a path: Node looks for it in /", async () => {
    const codes = await install(
      { "relative.service": `[Service]\nExecStart=${systemd.node} server.js\n` },
      {
        "preload.service": `[Service]\nExecStart=${systemd.node} --import @sockact/register ${systemd.project}/examples/express/server.js\n`,
      },
    );
    for (const one of codes) expect(one).toContain("script-relative");
    await systemd.start("relative.service", "preload.service");
    for (const unit of ["relative.service", "preload.service"])
      await systemd.waitForUnit(unit, "ActiveState", "failed", 50_000);
    expect(await journal("relative.service")).toContain("Cannot find module '/server.js'");
    expect(await journal("preload.service")).toContain(
      "Cannot find package '@sockact/register' imported from /",
    );
  });

  it.concurrent("applies to shell syntax: the program gets it as arguments", async () => {
    await systemd.write("/run/words.mjs", "console.log(JSON.stringify(process.argv.slice(2)))");
    const words = [">/run/x", "2>&1", "&&", "||", "|", "`id`", "~/app.json", "*.js"];
    const codes = await install(
      ...words.map((word, index) => ({
        [`words${index}.service`]: `[Service]\nType=oneshot\nExecStart=${systemd.node} /run/words.mjs ${word}\n`,
      })),
    );
    await systemd.start(...words.map((_, index) => `words${index}.service`));
    const seen = await Promise.all(words.map((_, index) => journal(`words${index}.service`)));
    expect(words.map((_, index) => [codes[index]!.includes("exec-syntax"), seen[index]])).toEqual(
      words.map((word) => [true, JSON.stringify([word])]),
    );
  });

  it.concurrent("is so of libraries that may not run, and of + before the program", async () => {
    const node = `${systemd.node} --eval setInterval(Object,1e6)`;
    const sleep = "/usr/bin/sleep infinity\nNoExecPaths=/\nExecPaths=/usr/bin/sleep";
    const cases: [lines: string, code: string | undefined][] = [
      [sleep, "program-hidden"],
      [`${sleep} /usr/lib /usr/lib64`, undefined],
      [`${node}\nMemoryDenyWriteExecute=yes`, "jit-killed"],
      [`+${node}\nMemoryDenyWriteExecute=yes`, undefined],
      [`+/usr/bin/sleep infinity\nInaccessiblePaths=/usr/bin`, undefined],
    ];
    const services = cases.map((_, index) => `confined${index}.service`);
    const codes = await install(
      ...cases.map(([lines], index) => ({
        [services[index]!]: `[Service]\nType=exec\nExecStart=${lines}\n`,
      })),
    );
    expect(codes.map((all) => all.find((code) => /^(?:program-hidden|jit-killed)$/.test(code)))).toEqual(
      cases.map(([, code]) => code),
    );
    await systemd.run(["systemctl", "start", ...services]);
    await Promise.all(
      cases.map(([, code], index) =>
        systemd.waitForUnit(
          services[index]!,
          "ActiveState",
          code === undefined ? "active" : "failed",
          50_000,
        ),
      ),
    );
  });

  it.concurrent("is so of a socket that waits for its own file, and of a service that removes it", async () => {
    const codes = await install(
      {
        "waits.socket":
          "[Unit]\nConditionPathExists=/run/waits.sock\n[Socket]\nListenStream=/run/waits.sock\n",
        "waits.service": sleeps,
      },
      {
        "removes.socket": "[Socket]\nListenStream=/run/removes.sock\n",
        "removes.service": sleeps.replace(
          "ExecStart=",
          "ExecStartPre=/bin/rm -f /run/removes.sock\nExecStart=",
        ),
      },
    );
    expect(codes).toMatchObject([
      expect.arrayContaining(["condition-never"]),
      expect.arrayContaining(["socket-file-removed"]),
    ]);
    await systemd.run(["systemctl", "start", "waits.socket", "removes.socket"]);
    await systemd.start("removes.service");
    expect(await shown("ActiveState", ["waits.socket", "removes.socket"])).toEqual(["inactive", "active"]);
    expect((await systemd.run(["test", "-e", "/run/removes.sock"])).code).toBe(1);
  });

  it.concurrent("is so of a watchdog that nobody answers, whatever the type", async () => {
    const types = ["", "Type=simple\n", "Type=exec\n", "NotifyAccess=all\n"];
    const codes = await install(
      ...types.map((type, index) => ({
        [`watched${index}.service`]: `[Service]\n${type}WatchdogSec=1\nExecStart=${systemd.node} -e 'setInterval(Object, 1e3)'\n`,
      })),
    );
    expect(codes.map((one) => one.includes("watchdog-unheard"))).toEqual([true, true, true, false]);
    const services = ["watched0.service", "watched1.service", "watched2.service"];
    await systemd.start(...services);
    for (const unit of services) await systemd.waitForUnit(unit, "ActiveState", "failed", 50_000);
    expect(await shown("Result", services)).toEqual(Array(3).fill("watchdog"));
  });

  it.concurrent("is so of a circle at boot", async () => {
    const lines: [line: string, circle: boolean][] = [
      ["After=network-online.target", true],
      ["Wants=network-online.target", false],
      ["After=network-online.target\nDefaultDependencies=no", false],
      ["After=late.service", true],
      ["After=network.target", false],
    ];
    const outcomes = await Promise.all(
      lines.map(async ([line], index) => {
        const files: Files = {
          "first.socket": `[Unit]\n${line}\n[Socket]\nListenStream=86\n[Install]\nWantedBy=sockets.target\n`,
          "first.service": sleeps,
          "late.service": sleeps,
        };
        // What a boot is: one transaction with all of these, and a service of the network that takes its
        // time.
        const boot: Files = {
          "waiting.service":
            "[Unit]\nBefore=network-online.target\n[Service]\nType=oneshot\nExecStart=/bin/true\n",
          "boot.target":
            "[Unit]\nRequires=basic.target sockets.target\nWants=first.socket first.service late.service network-online.target waiting.service\nAfter=basic.target\n",
          "sockets.target.d/first.conf": "[Unit]\nWants=first.socket\n",
        };
        const folder = `/run/circle${index}`;
        for (const [name, text] of Object.entries({ ...files, ...boot }))
          await systemd.write(`${folder}/${name}`, text);
        const { stderr } = await systemd.run(
          ["systemd-analyze", "verify", "--man=no", `${folder}/boot.target`],
          { env: { SYSTEMD_UNIT_PATH: `${folder}:` } },
        );
        // It begins with whichever unit of the circle it has come to first, and names each of the others, in
        // a line of its own before systemd 258.
        const circle = stderr.split("\n").filter((said) => /cycle|Found dependency on/.test(said));
        return [
          line,
          lintUnits(files).some(({ code }) => code === "order-cycle"),
          circle.join().includes("first.socket"),
        ];
      }),
    );
    expect(outcomes).toEqual(lines.map(([line, circle]) => [line, circle, circle]));
  });

  it.concurrent("is so of Conflicts=: the first connection closes the port", async () => {
    const types = ["socket", "service"] as const;
    const codes = await install(
      ...types.map((type) => {
        const line = `[Unit]\nConflicts=enemy-${type}.${type === "socket" ? "service" : "socket"}\n`;
        return {
          [`enemy-${type}.socket`]: `${type === "socket" ? line : ""}[Socket]\nListenStream=/run/enemy-${type}.sock\n`,
          [`enemy-${type}.service`]: `${type === "service" ? line : ""}${sleeps}`,
        };
      }),
    );
    for (const [index, type] of types.entries()) {
      expect(codes[index]).toContain("socket-conflicts");
      await systemd.start(`enemy-${type}.socket`);
      await systemd.start(`enemy-${type}.service`);
      await systemd.waitForUnit(`enemy-${type}.socket`, "ActiveState", "inactive", 50_000);
    }
  });

  it.concurrent("is so of an invisible character: systemd keeps it in the value", async () => {
    const [codes = []] = await install({
      "hidden.service":
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nSyslogIdentifier=hid\u200bden\nExecStart=/bin/true\u202e\n",
    });
    expect(codes.filter((code) => code === "value-invisible")).toHaveLength(2);
    expect(await systemd.show("hidden.service", "SyslogIdentifier")).toBe("hid\u200bden");
    await systemd.run(["systemctl", "start", "hidden.service"]);
    expect(await systemd.show("hidden.service", "ExecMainStatus"), "no such program").toBe("203");
  });
});

import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, bootForDoctor, doctorCommand, type Finding } from "./doctor.ts";
import { appText, askAll, installFaults, isReady } from "./faults.ts";
import { sockactInside } from "./run.ts";

/** In an EnvironmentFile=, an Environment= line, an argument, a credential, and an error of the app. */
const secrets = [
  "canary-file-5d1e",
  "canary line 7c22",
  "canary-argument-91af",
  "canary-credential-3b0c",
  "canary-loaded-88e1",
];

describeWith({ privateSystemd: true }, "sockact doctor, on units that are not what they seem", () => {
  let systemd: PrivateSystemd;
  let found: Map<string, Finding[]>;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    await systemd.write("/srv/old-node/node", "#!/bin/sh\necho v18.20.8\n", 0o755);
    await systemd.write("/srv/runs-bun/bun", "#!/bin/sh\n", 0o755);
    await systemd.write("/etc/shop.env", `DATABASE_URL=${secrets[0]}\n`, 0o600);
    await systemd.write("/etc/shop.credential", `${secrets[4]}\n`, 0o600);
    const stays = { until: isReady };
    await installFaults(systemd, {
      healthy: stays,
      outdated: stays,
      overridden: stays,
      named: stays,
      inside: { ...stays, description: { sockets: [{ listen: 8001 }] }, socket: "PrivateNetwork=yes" },
      local: { ...stays, description: { sockets: [{ listen: "127.0.0.1:8002" }] } },
      port: { ...stays, description: { environment: { PORT: "3000" }, sockets: [{ listen: 8003 }] } },
      "old-node": { service: "ExecStart=\nExecStart=/srv/old-node/node server.mjs" },
      "runs-bun": { service: "ExecStart=\nExecStart=/srv/runs-bun/bun server.mjs" },
      appArmor: stays,
      seLinux: stays,
      secret: {
        app: `import { readFileSync } from "node:fs"; console.error(process.env); throw new Error(readFileSync(process.env.CREDENTIALS_DIRECTORY + "/loaded") + Object.values(process.env).join() + process.argv.join());`,
        description: {
          environment: { GREETING: secrets[1]! },
          exec: [systemd.node, "/srv/secret/server.mjs", `--api-token=${secrets[2]}`],
        },
        service: `LoadCredential=loaded:/etc/shop.credential\nEnvironmentFile=/etc/shop.env\nSetCredential=key:${secrets[3]}\nExecStartPre=/bin/cat %d/key\nNoSuchLine=1`,
      },
    });
    // An address of the documentation, which no machine has.
    await systemd.write("/etc/systemd/system/absent.socket", "[Socket]\nListenStream=192.0.2.1:80\n");
    await systemd.write("/etc/systemd/system/absent.service", "[Service]\nExecStart=/bin/true\n");
    await systemd.write("/etc/systemd/system/stray.service", "[Service]\nExecStart=/bin/true\n");
    await systemd.write(
      "/etc/systemd/system/stray.socket",
      "[Socket]\nListenStream=/run/stray.sock\nService=named.service\n",
    );
    await systemd.write(
      "/etc/systemd/system/overridden.service.d/10-own.conf",
      `[Service]\nRestart=no\nEnvironment=A=1\nExecStart=\nExecStart=${systemd.node} /srv/overridden/server.mjs\n`,
    );
    await systemd.systemctl("daemon-reload");
    await systemd.run(["systemctl", "start", "absent.socket"]);
    for (const [name, line] of [
      [
        "appArmor",
        'audit: type=1400 apparmor="DENIED" operation="open" profile="node" name="/srv/data.db" pid=PID comm="node"',
      ],
      [
        "seLinux",
        'type=AVC msg=audit(1): avc:  denied  { read } for  pid=PID comm="node" path="/srv/data.db" tclass=file',
      ],
    ] as const) {
      const pid = await systemd.show(`${name}.service`, "MainPID");
      await systemd.mustRun(["systemd-cat", "--identifier=audit", "echo", line.replace("PID", pid)]);
    }
    await installFromConfig("configured", 8005);
    await systemd.write("/srv/configured/sockact.config.json", config("configured", 8006));
    await installFromConfig("edited", 8007);
    const edited = "/etc/systemd/system/edited.service";
    await systemd.mustRun(["sed", "-i", "s/^RestartSec=.*/RestartSec=2s/", edited]);
    await systemd.systemctl("daemon-reload");
    await systemd.write("/etc/systemd/system/outdated.service.d/10-own.conf", "[Service]\nNice=1\n");
    found = await askAll(systemd);
  });
  afterAll(() => systemd?.close());

  const config = (name: string, port: number) =>
    JSON.stringify({
      name,
      exec: ["node", "./server.mjs"],
      sockets: [{ listen: port }],
      environment: { KEY: secrets[1] },
    });

  /** Installs a service by `sockact install`. The doctor has nothing to say of it. */
  async function installFromConfig(name: string, port: number): Promise<void> {
    await systemd.write(`/srv/${name}/server.mjs`, appText(systemd));
    await systemd.write(`/srv/${name}/sockact.config.json`, config(name, port));
    const sockact = sockactInside(systemd);
    await systemd.mustRun([...sockact, "install", "--yes"], { cwd: `/srv/${name}` });
    expect(await ask(systemd, name)).toMatchObject({ code: 0, findings: [], unseen: [] });
  }

  it("finds nothing in what is as it seems", () => {
    expect(found.get("healthy")).toEqual([]);
  });

  it.each([
    ["outdated", "unit-outdated", "warning", /^NeedDaemonReload=yes$/, "systemctl daemon-reload"],
    [
      "overridden",
      "drop-in-overrides",
      "info",
      /^Restart=no\nExecStart=\nExecStart=\S+ \/srv\/overridden\/server\.mjs$/,
      "systemctl cat overridden.service",
    ],
    [
      "configured",
      "config-differs",
      "warning",
      /^- ListenStream=8005\n\+ ListenStream=8006$/,
      "sudo sockact install",
    ],
    [
      "edited",
      "unit-edited",
      "info",
      /^\/etc\/systemd\/system\/edited\.service$/,
      "systemctl edit edited.service",
    ],
    ["named", "socket-starts-other", "warning", /^Triggers=named\.service$/, "  Service=stray.service"],
    ["inside", "socket-in-namespace", "warning", /^PrivateNetwork=yes$/, "systemctl restart inside.socket"],
    [
      "absent",
      "address-missing",
      "error",
      /192\.0\.2\.1:80.*Cannot assign requested address/,
      "  FreeBind=yes",
    ],
    ["local", "loopback-only", "info", /^Listen=127\.0\.0\.1:8002 \(Stream\)$/, "  ListenStream=8002"],
    ["old-node", "node-old", "error", /^v18\.20\.8$/, "systemctl edit --full old-node.service"],
    ["runs-bun", "runtime-bun", "error", /^\/srv\/runs-bun\/bun$/, "systemctl edit --full runs-bun.service"],
    ["appArmor", "security-denied", "error", /apparmor="DENIED"/, "aa-logprof  # profile node"],
    ["seLinux", "security-denied", "error", /avc: +denied/, "restorecon -Rv /srv/data.db"],
  ])("%s: %s", (name, code, severity, evidence, copy) => {
    const finding = found.get(name)!.find((each) => each.code === code)!;
    expect(finding).toMatchObject({ severity, copy: expect.arrayContaining([copy]) as string[] });
    expect(finding.evidence.map(({ text }) => text).join("\n")).toMatch(evidence);
  });

  it("says that PORT does not count", () => {
    expect(found.get("port")).toMatchObject([
      {
        code: "port-ignored",
        severity: "info",
        message: "PORT is set, but the app listens on [::]:8003.",
      },
    ]);
  });

  it("shows no value of a variable or a credential, and no token", async () => {
    expect(await systemd.journal("secret.service").then((lines) => lines.join("\n"))).toContain(secrets[0]);
    for (const format of [[], ["--json"]]) {
      const { stdout, stderr } = await systemd.run(doctorCommand(systemd, "secret", ...format));
      expect(stdout).toContain(format.length > 0 ? "NoSuchLine" : "directive-unknown");
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });
});

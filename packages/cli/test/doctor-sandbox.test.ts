import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootForDoctor, type Finding } from "./doctor.ts";
import { askAll, installFaults, isReady } from "./faults.ts";

describeWith({ privateSystemd: true }, "sockact doctor, on what the sandbox does to an app", () => {
  let systemd: PrivateSystemd;
  let found: Map<string, Finding[]>;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home"]);
    await systemd.write("/home/shop/settings.json", "{}");
    await systemd.write("/etc/shop.key", "", 0o600);
    const connect = (target: string) =>
      `await fetch("${target}").catch(({ cause }) => console.error(cause));`;
    await installFaults(systemd, {
      healthy: { until: isReady },
      syscall: { service: "SystemCallFilter=~listen", without: /^SystemCallErrorNumber=.*\n/gm },
      jit: {
        app: "let sum = 0; for (let at = 0; at < 1e7; at += 1) sum += at % 7;",
        service: "MemoryDenyWriteExecute=yes",
      },
      writes: { app: 'import fs from "node:fs"; fs.writeFileSync("/srv/data.txt", "");' },
      relative: {
        app: 'import fs from "node:fs"; fs.writeFileSync("./data.txt", "");',
        service: "DynamicUser=no\nUser=daemon",
      },
      system: {
        app: 'import fs from "node:fs"; fs.writeFileSync("/usr/data.txt", "");',
        service: "DynamicUser=no\nUser=daemon",
      },
      hidden: { app: 'import fs from "node:fs"; fs.readFileSync("/home/shop/settings.json");' },
      refused: { app: 'import fs from "node:fs"; fs.readFileSync("/etc/shop.key");' },
      family: {
        app: connect("http://127.0.0.1:5432"),
        description: { hardening: "inbound" },
        until: isReady,
      },
      network: {
        app: connect("http://192.0.2.1:5432"),
        description: { hardening: "inbound" },
        without: /^RestrictAddressFamilies=.*\n/gm,
        until: isReady,
      },
      heap: {
        app: "const kept = []; for (;;) kept.push(new Array(100_000).fill({}));",
        description: { environment: { NODE_OPTIONS: "--max-old-space-size=32" } },
      },
      files: {
        app: 'import fs from "node:fs"; for (;;) fs.openSync("/dev/null");',
        service: "LimitNOFILE=64",
      },
      few: { service: "LimitNOFILE=16" },
      names: { listens: 'await listen(server, { name: "web" });' },
    });
    found = await askAll(systemd);
  });
  afterAll(() => systemd?.close());

  it("finds nothing in a service that runs in the sandbox", () => {
    expect(found.get("healthy")).toEqual([]);
  });

  it.each([
    ["syscall", "syscall-killed", /status=31\/SYS/, "  SystemCallErrorNumber=EPERM"],
    [
      "jit",
      "jit-crashed",
      /^MemoryDenyWriteExecute=yes\n[^]*code=(?:killed|dumped)/,
      "  MemoryDenyWriteExecute=no",
    ],
    [
      "writes",
      "file-read-only",
      /EROFS[^]*'\/srv\/data\.txt'\nProtectSystem=strict/,
      'path.join(process.env.STATE_DIRECTORY, "data.txt") // in the app',
    ],
    ["relative", "file-read-only", /EROFS[^]*'\.\/data\.txt'\n/, "  ReadWritePaths=/srv/relative"],
    ["relative", "file-read-only", /EROFS/, "chown daemon /srv/relative"],
    ["system", "file-read-only", /EROFS/, 'path.join(process.env.STATE_DIRECTORY, "data.txt") // in the app'],
    [
      "hidden",
      "file-hidden",
      /E(?:NOENT|ACCES)[^]*'\/home\/shop\/settings\.json'\nProtectHome=yes/,
      "  BindReadOnlyPaths=/home/shop/settings.json",
    ],
    ["refused", "file-refused", /EACCES[^]*'\/etc\/shop\.key'/, "ls -ld /etc/shop.key"],
    [
      "family",
      "address-family-refused",
      /EAFNOSUPPORT 127\.0\.0\.1:5432[^]*\nRestrictAddressFamilies=/,
      "  RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    ],
    [
      "network",
      "network-cut",
      /ENETUNREACH 192\.0\.2\.1:5432[^]*\nPrivateNetwork=yes/,
      "  PrivateNetwork=no",
    ],
    [
      "heap",
      "memory-exhausted",
      /heap limit[^]*\n--max-old-space-size=32$/,
      "  Environment=NODE_OPTIONS=--max-old-space-size=1024",
    ],
    ["files", "descriptors-exhausted", /EMFILE[^]*\nLimitNOFILE=64$/, "  LimitNOFILE=65536"],
    ["few", "descriptors-exhausted", /code=(?:killed|dumped)[^]*\nLimitNOFILE=16$/, "  LimitNOFILE=65536"],
    [
      "names",
      "socket-name-unknown",
      /^ActivationError: No socket named web was passed[^]*\nFileDescriptorName=names\.socket$/,
      "  FileDescriptorName=web",
    ],
  ])("%s: %s, with its evidence and what to write", (name, code, evidence, copy) => {
    const findings = found.get(name)!;
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    const [finding] = findings;
    expect(finding).toMatchObject({
      unit: `${name}.service`,
      severity: "error",
      copy: expect.arrayContaining([copy]) as string[],
    });
    expect(finding!.evidence.map(({ text }) => text).join("\n")).toMatch(evidence);
  });
});

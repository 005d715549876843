import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { expect, it, onTestFinished } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";
import { addressFamilies, callGroups, capabilities } from "../src/lib/harden/choices.ts";
import { measures } from "../src/lib/harden/measures.ts";
import { gitea } from "./gitea.ts";

// Verify complains of a program, user or folder that does not exist. Those of Gitea do in this mount namespace, and nowhere else.
const withGitea = `
  set -e
  mount -t tmpfs tmpfs /home
  mkdir -p /home/git/go/src/code.gitea.io/gitea
  install -m 755 /dev/null /home/git/go/src/code.gitea.io/gitea/gitea
  { cat /etc/passwd; echo git:x:64999:64999::/home/git:/bin/sh; } > /home/passwd
  { cat /etc/group; echo git:x:64999:; } > /home/group
  mount --bind /home/passwd /etc/passwd
  mount --bind /home/group /etc/group
  exec systemd-analyze verify "$@"`;

/** What `systemd-analyze verify` says; it exits with 0 even on a directive it does not know. */
function verify(units: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(units)) writeFileSync(join(folder, name), text);
  // A template is spoken of as an instance.
  const paths = Object.keys(units).map((name) => join(folder, name.replace("@.", "@blue.")));
  const { stdout, stderr, error } = spawnSync(
    "unshare",
    ["--mount", "--propagation=private", "sh", "-c", withGitea, "sh", ...paths],
    { encoding: "utf8" },
  );
  return `${error?.message ?? ""}${stdout}${stderr}`;
}

describeWith({ root: true, commands: ["unshare", "systemd-analyze"] }, "systemd-analyze verify", () => {
  const app: AppDescription = { name: "app", exec: ["/bin/sh"], sockets: [{ listen: 80 }] };
  const described: Record<string, AppDescription> = {
    "the Gitea pair": gitea,
    "Gitea in the sandbox": { ...gitea, hardening: "outbound" },
    "a description of three fields": app,
    "an inbound service": { ...app, hardening: "inbound" },
    "an inbound service with the whole lifecycle": {
      ...app,
      hardening: "inbound",
      type: "notify-reload",
      notifyAccess: "exec",
      watchdogSec: "30s",
      drainTimeout: "infinity",
      idleTimeout: "1h 30min",
    },
    "a sandbox of single directives": {
      ...app,
      hardening: {
        profile: "inbound",
        ambientCapabilities: ["CAP_NET_RAW", "CAP_NET_BIND_SERVICE"],
        privateNetwork: false,
        protectHome: "tmpfs",
        procSubset: "all",
        restrictNamespaces: ["net", "pid", "user"],
        memoryDenyWriteExecute: true,
        systemCallFilter: ["@resources", "mbind", "~@ipc"],
        systemCallErrorNumber: "ENOSYS",
        restrictAddressFamilies: ["AF_UNIX", "AF_INET"],
        ipAddressAllow: ["localhost", "10.0.0.0/8", "fd00::/8"],
        umask: "0027",
      },
    },
    "a sandbox of which nothing is left": {
      ...app,
      user: "git",
      hardening: Object.fromEntries(
        Object.keys(measures)
          .filter((field) => !["systemCallErrorNumber", "ipAddressAllow"].includes(field))
          .map((field) => [field, false]),
      ),
    },
    "every capability and every family of addresses that there is": {
      ...app,
      hardening: {
        capabilityBoundingSet: capabilities.map((capability) => `CAP_${capability}`),
        restrictAddressFamilies: addressFamilies.map((family) => `AF_${family}`),
        systemCallFilter: callGroups,
      },
    },
    "folders, credentials and no compiler": {
      ...app,
      exec: [process.execPath],
      jitless: true,
      stateDirectory: ["app", "100% mine/é"],
      stateDirectoryMode: "0700",
      cacheDirectory: "app",
      logsDirectory: "app",
      runtimeDirectory: "app",
      configurationDirectory: "app",
      credentials: {
        key: "/etc/100%-$mine/key",
        sealed: { encrypted: true },
        text: { value: ' 50% of "$HOME" \\n\n\t%n é; # ' },
      },
      importCredentials: ["app.*"],
    },
    "a template for a rolling restart": { ...app, rolling: true, wantedBy: ["multi-user.target"] },
    "several sockets that roll over": {
      ...app,
      rolling: true,
      hardening: "inbound",
      sockets: [
        { name: "http", listen: 80 },
        { name: "my api/100%", listen: "/run/api.sock" },
      ],
    },
    "several sockets and every option": {
      ...app,
      description: `50% of "Gitea" is $HOME; # no comment`,
      documentation: ["https://example.com/a%20b"],
      exec: ["/bin/sh", "-c", 'echo "$HOME" %n; true', ";", "", "a\nb\t\x01", "it's", "\\"],
      environment: { A: "%n $HOME \"quoted\" 'too' \\", B: "", C: "a\nb" },
      workingDirectory: "/home/git",
      readWritePaths: ["/home/git", "/home/a b%"],
      restartSec: "1min 30s",
      sockets: [
        {
          name: "http",
          listen: [80, "127.0.0.1:8080", "[::1]:8080", "[fe80::1]:8081%lo", "vsock::1234"],
          listenDatagram: 80,
          noDelay: true,
          backlog: 64,
          bindIPv6Only: "both",
          bindToDevice: "lo",
          freeBind: true,
          reusePort: true,
          keepAlive: true,
          keepAliveTimeSec: "5min",
          keepAliveIntervalSec: 10_000,
          keepAliveProbes: 3,
          deferAcceptSec: "1s",
        },
        {
          name: "my api/100%",
          listen: ["/run/my app/100%.sock", "@abstract"],
          socketMode: "0660",
          socketUser: "git",
          socketGroup: "git",
          directoryMode: "0750",
          removeOnStop: true,
        },
      ],
    },
  };

  it.each(Object.entries(described))("has nothing to say of %s", (_, description) => {
    expect(verify(emitUnits(description))).toBe("");
    expect(verify(emitUnits(description, { comments: true }))).toBe("");
  });

  it("would have said so of a directive that systemd does not know", () => {
    expect(verify({ "app.service": "[Service]\nExecStart=/bin/sh\nNonBlokking=true\n" })).toContain(
      "NonBlokking",
    );
  });
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, systemdVersion } from "@sockact/testkit";
import { expect, it, onTestFinished } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";
import { addressFamilies } from "../src/lib/read/sandbox/choices.ts";
import { sandboxDirectives } from "../src/lib/read/sandbox/directives.ts";
import { everyField, of258, ofUser } from "./every-field.ts";
import { gitea } from "./gitea.ts";
import { callGroups, capabilities } from "../src/lib/systemd/value-names.ts";
import { serviceDirectives, otherFields } from "../src/lib/read/fields/service-directives.ts";
import { socketDirectives } from "../src/lib/read/fields/socket-directives.ts";

// Verify complains of a program, user or folder that does not exist. Those of Gitea do in this mount
// namespace, and nowhere else. So does a Node that no sandbox hides: the one that runs this may be in
// somebody's home.
const node = "/srv/bin/node";
const withGitea = `
  set -e
  mount -t tmpfs tmpfs /srv
  mkdir /srv/bin
  install -m 755 /dev/null ${node}
  mount -t tmpfs tmpfs /home
  mkdir -p /home/git/go/src/code.gitea.io/gitea
  install -m 755 /dev/null /home/git/go/src/code.gitea.io/gitea/gitea
  { cat /etc/passwd; echo git:x:64999:64999::/home/git:/bin/sh; } > /home/passwd
  { cat /etc/group; echo git:x:64999:; } > /home/group
  mount --bind /home/passwd /etc/passwd
  mount --bind /home/group /etc/group
  exec systemd-analyze verify "$@"`;

/** What `systemd-analyze verify` says; it exits with 0 even on a directive it does not know. */
function verify(units: Record<string, string>, manager = "--system"): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(units)) writeFileSync(join(folder, name), text);
  // A template is spoken of as an instance.
  const paths = Object.keys(units).map((name) => join(folder, name.replace("@.", "@blue.")));
  const { stdout, stderr, error } = spawnSync(
    "unshare",
    ["--mount", "--propagation=private", "sh", "-c", withGitea, "sh", manager, ...paths],
    { encoding: "utf8", env: { ...process.env, XDG_RUNTIME_DIR: folder } },
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
        Object.keys(sandboxDirectives)
          .filter((field) => !["systemCallErrorNumber", "ipAddressAllow"].includes(field))
          .map((field) => [field, false]),
      ),
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
    "a socket that answers probes": { ...app, healthSocket: 8081 },
    "a pair for systemd 249": { ...app, systemd: 249, hardening: "inbound" },
    "a pair for this systemd": { ...app, systemd: systemdVersion()!, type: "notify" },
    "a service that leaves children behind": {
      ...app,
      exec: [node, "/srv/100% $mine/dist/app.js"],
      killMode: "process",
      acknowledge: ["kill-mode"],
    },
    "a service that listens by itself": {
      ...app,
      bind: "capability",
      hardening: "inbound",
      sockets: [
        { name: "web", listen: [80, "127.0.0.1:81", "[::1]:82", "[fe80::1]:83%lo"] },
        { name: "dns", listenDatagram: 53 },
      ],
    },
    "one that does so without a sandbox": { ...gitea, bind: "capability" },
    "a proxy": { ...app, bind: "proxy", idleTimeout: "1h 30min" },
    "a proxy of several sockets, with a user": {
      ...gitea,
      bind: "proxy",
      type: "exec",
      backend: "/run/gitea/http/app@1.sock",
      sockets: [
        { name: "http", listen: 80 },
        { name: "my api/100%", listen: "/run/api.sock" },
      ],
    },
    "a proxy of an instance, on IPv6": {
      ...app,
      name: "app@blue",
      bind: "proxy",
      hardening: "inbound",
      backend: "[::1]:3000",
    },
  };

  /** With Type=notify-reload, ImportCredential= or @sandbox. */
  const of254: Record<string, AppDescription> = {
    "an inbound service with the whole lifecycle": {
      ...app,
      hardening: "inbound",
      type: "notify-reload",
      notifyAccess: "exec",
      watchdogSec: "30s",
      drainTimeout: "infinity",
      idleTimeout: "1h 30min",
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
      exec: [node, "/srv/app/server.js"],
      jitless: true,
      compileCache: true,
      handover: true,
      handoverTimeout: "2min",
      preload: '/srv/50% of "$HOME"\\ é/preload.cjs',
      stateDirectory: ["app", "100% mine/é"],
      stateDirectoryMode: "0700",
      cacheDirectory: "app",
      logsDirectory: "app",
      runtimeDirectory: "app",
      configurationDirectory: "app",
      cacheDirectoryMode: "0750",
      logsDirectoryMode: "0750",
      runtimeDirectoryMode: "0750",
      runtimeDirectoryPreserve: "restart",
      configurationDirectoryMode: "0750",
      credentials: {
        key: "/etc/100%-$mine/key",
        sealed: { encrypted: true },
        text: { value: ' 50% of "$HOME" \\n\n\t%n é; # ' },
      },
      importCredentials: ["app.*"],
    },
  };

  it.each(Object.entries(described))("has nothing to say of %s", (_, description) => {
    expect(verify(emitUnits(description))).toBe("");
    expect(verify(emitUnits(description, { comments: true }))).toBe("");
  });

  describeWith({ systemd: 254 }, "of systemd 254", () => {
    it.each(Object.entries(of254))("has nothing to say of %s", (_, description) => {
      expect(verify(emitUnits(description))).toBe("");
      expect(verify(emitUnits(description, { comments: true }))).toBe("");
    });
  });

  describeWith({ systemd: 257 }, "of a recent systemd", () => {
    it.each(Object.entries(everyField))("has nothing to say of %s", (_, description) => {
      expect(verify(emitUnits(description))).toBe("");
      expect(verify(emitUnits(description, { comments: true }))).toBe("");
    });

    it.each(Object.entries(ofUser))("has nothing to say of %s, for a user's manager", (_, description) => {
      expect(verify(emitUnits(description), "--user")).toBe("");
    });
  });

  it("knows the directives of systemd 258 from that version on, and not before", () => {
    const unknown = [...verify(emitUnits(of258)).matchAll(/Unknown key(?: name)? '(\w+)'/g)].map(
      ([, key]) => key,
    );
    const newer = ["AcceptFileDescriptors", "DeferTrigger", "DeferTriggerMaxSec", "PassPIDFD"];
    expect(new Set(unknown)).toEqual(new Set(systemdVersion()! < 258 ? newer : []));
  });

  it("is asked about every field", () => {
    const all = [...Object.values({ ...described, ...of254, ...everyField, ...ofUser }), of258];
    const fields = (objects: object[]) =>
      [...new Set(objects.flatMap((object) => Object.keys(object)))].toSorted();
    // The schema is for editors, and a container for Podman to read: quadlet.test.ts.
    const others = otherFields.filter((field) => field !== "$schema" && field !== "container");
    expect(fields(all)).toEqual([...Object.keys(serviceDirectives), ...others].toSorted());
    const sockets = all.flatMap((description) => description.sockets);
    expect(fields(sockets)).toEqual([...Object.keys(socketDirectives), "description", "raw"].toSorted());
  });

  it("would have said so of a directive that systemd does not know", () => {
    expect(verify({ "app.service": "[Service]\nExecStart=/bin/sh\nNonBlokking=true\n" })).toContain(
      "NonBlokking",
    );
  });
});

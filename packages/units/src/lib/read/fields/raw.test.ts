import { describe, expect, it } from "vitest";
import type { AppDescription } from "../../description/app.ts";
import { emitUnits } from "../../emit/emit.ts";
import { directivesOf } from "../../systemd/directives.ts";
import { UnitError, type UnitProblem } from "../../problems.ts";
import { directiveAliases } from "../../systemd/aliases.ts";

const app: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/app/server.js"],
  drainTimeout: "10s",
  sockets: [{ listen: 80 }],
};

function problemsOf(more: object): readonly UnitProblem[] {
  try {
    emitUnits({ ...app, ...more });
    return [];
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
}

describe("directives that raw refuses, because a field writes them or they would undo a line", () => {
  /** Each with what the hint has, and with what it proposes, which has to be taken. */
  it.each<[section: string, directive: string, value: unknown, hint: string, instead: object]>([
    [
      "Service",
      "TimeoutSec",
      5,
      "write timeoutStartSec, timeoutStopSec, or both",
      { timeoutStopSec: "1min" },
    ],
    [
      "Service",
      "ReadWriteDirectories",
      "/srv",
      "write readWritePaths",
      { user: "shop", readWritePaths: ["/srv"] },
    ],
    [
      "Service",
      "ReadOnlyDirectories",
      "/srv",
      "write ReadOnlyPaths",
      { raw: { Service: { ReadOnlyPaths: "/srv" } } },
    ],
    [
      "Service",
      "InaccessibleDirectories",
      "/mnt",
      "write InaccessiblePaths",
      { raw: { Service: { InaccessiblePaths: "/mnt" } } },
    ],
    ["Service", "CPUShares", 100, "write cpuWeight", { cpuWeight: 100 }],
    ["Service", "BlockIOWeight", 100, "write ioWeight", { ioWeight: 100 }],
    ["Service", "blockioweight", 100, "write ioWeight", { ioWeight: 100 }],
    [
      "Service",
      "BlockIOReadBandwidth",
      "/ 1M",
      "write IOReadBandwidthMax",
      { raw: { Service: { IOReadBandwidthMax: "/ 1M" } } },
    ],
    ["Service", "MemoryLimit", "1G", "write memoryMax", { memoryMax: "1G" }],
    ["Unit", "BindTo", "a.service", "write bindsTo", { bindsTo: ["a.service"] }],
    ["Unit", "RequiresOverridable", "a.service", "write requires", { requires: ["a.service"] }],
    [
      "Unit",
      "PropagateReloadTo",
      "a.service",
      "write PropagatesReloadTo",
      { raw: { Unit: { PropagatesReloadTo: "a.service" } } },
    ],
    [
      "Unit",
      "PropagateReloadFrom",
      "a.service",
      "write ReloadPropagatedFrom",
      { raw: { Unit: { ReloadPropagatedFrom: "a.service" } } },
    ],
    ["Service", "StartLimitInterval", 5, "leave it out", {}],
    ["Service", "StartLimitIntervalSec", 5, "leave it out", {}],
    ["Unit", "StartLimitBurst", 5, "leave it out", {}],
    ["Unit", "StartLimitAction", "reboot", "leave it out", {}],
    [
      "Service",
      "FailureAction",
      "reboot",
      "write raw: { Unit: { FailureAction: … } }",
      { raw: { Unit: { FailureAction: "reboot" } } },
    ],
    ["Service", "RemainAfterExit", true, "remove it", {}],
    ["Service", "GuessMainPID", false, "leave it out", {}],
    ["Service", "PIDFile", "/run/a.pid", "leave it out", {}],
    ["Service", "BusName", "org.a", "leave it out", {}],
    [
      "Service",
      "StandardInput",
      "socket",
      "write inetd: true, and accept: true in the socket",
      { inetd: true, sockets: [{ listen: 80, accept: true }], drainTimeout: undefined },
    ],
    ["Service", "PrivatePIDs", "yes", "remove it", {}],
    [
      "Service",
      "PermissionsStartOnly",
      true,
      "privileged: true",
      { execStartPre: [{ command: ["/bin/sh"], privileged: true }] },
    ],
    ["Unit", "StopWhenUnneeded", true, "remove it", {}],
    ["Unit", "PropagatesStopTo", "shop.socket", "remove shop.socket from PropagatesStopTo=", {}],
    ["Unit", "RefuseManualStart", true, "leave it out", {}],
    [
      "Service",
      "TemporaryFileSystem",
      "/srv:ro",
      "BindReadOnlyPaths: '/srv/app'",
      { raw: { Service: { TemporaryFileSystem: "/srv:ro", BindReadOnlyPaths: "/srv/app" } } },
    ],
    ["Service", "InaccessiblePaths", "-/srv/app/", "remove its folder from the value", {}],
    ["Service", "InaccessiblePaths", ["", "/srv/app/server.js"], "remove its folder from the value", {}],
    ["Service", "InaccessiblePaths", "/mnt /usr/bin/node", "remove its folder from the value", {}],
    [
      "Service",
      "NoExecPaths",
      "/",
      "ExecPaths: '/usr/bin'",
      { raw: { Service: { NoExecPaths: "/", ExecPaths: "/usr/bin /usr/lib" } } },
    ],
    ["Service", "RestartForceExitStatus", "1 0", "write restart: 'always'", { restart: "always" }],
    ["Service", "UMask", "0027", "write hardening: { umask: … }", { hardening: { umask: "0027" } }],
    ["Service", "DynamicUser", false, "write user", { user: "shop" }],
    ["Service", "dynamicuser", false, "write user", { user: "shop" }],
    [
      "Service",
      "IPCNamespacePath",
      "/run/ipc",
      "write privateIPC: false in hardening",
      { hardening: { privateIPC: false }, raw: { Service: { IPCNamespacePath: "/run/ipc" } } },
    ],
  ])("[%s] %s=%s", (section, directive, value, hint, instead) => {
    const problems = problemsOf({ raw: { [section]: { [directive]: value } } });
    expect(problems).toMatchObject([{ path: `raw.${section}.${directive}` }]);
    expect(problems[0]!.hint).toContain(hint);
    expect(problems[0]!.message).not.toBe("");
    expect(problemsOf(instead)).toEqual([]);
  });

  it.each([
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "SOCKACT_DRAIN_TIMEOUT",
    "SOCKACT_SIGNALS",
  ])("UnsetEnvironment=%s takes away what the program needs", (name) => {
    for (const value of [name, `A ${name}`, `"${name}=1"`, ["A", name], { specifier: name }]) {
      expect(problemsOf({ raw: { Service: { UnsetEnvironment: value } } })).toMatchObject([
        { path: "raw.Service.UnsetEnvironment", message: expect.stringContaining(name) },
      ]);
    }
  });

  it("UnsetEnvironment= takes no variable away that the unit sets", () => {
    expect(problemsOf({ raw: { Service: { UnsetEnvironment: "HOME" } } })).toMatchObject([
      {
        code: "SOCKACT_ERR_UNIT_CONFLICT",
        message: "UnsetEnvironment= would remove HOME, which the unit sets",
      },
    ]);
    const environment = { NODE_ENV: "production" };
    expect(problemsOf({ environment, raw: { Service: { UnsetEnvironment: "A NODE_ENV" } } })).toHaveLength(1);
    expect(problemsOf({ environment, raw: { Service: { UnsetEnvironment: "A LANG=C" } } })).toEqual([]);
  });

  it("a socket's raw cannot limit how often it starts the service", () => {
    const problems = problemsOf({ sockets: [{ listen: 80, raw: { Socket: { TriggerLimitBurst: 5 } } }] });
    expect(problems).toMatchObject([{ path: "sockets[0].raw.Socket.TriggerLimitBurst" }]);
  });

  it("a socket's raw cannot put it where no client is", () => {
    const ofSocket = (Socket: object) => problemsOf({ sockets: [{ listen: 80, raw: { Socket } }] });
    expect(ofSocket({ PrivateNetwork: true })).toMatchObject([
      { path: "sockets[0].raw.Socket.PrivateNetwork" },
    ]);
    expect(ofSocket({ PrivateNetwork: false })).toEqual([]);
    expect(ofSocket({ NetworkNamespacePath: "/run/netns/vpn" })).toEqual([]);
  });

  it("an app behind a proxy cannot stay active when it has ended", () => {
    const raw = { Service: { RemainAfterExit: true } };
    expect(problemsOf({ bind: "proxy", raw })).toMatchObject([{ finding: "remain-after-exit" }]);
    expect(problemsOf({ bind: "capability", raw })).toEqual([]);
  });

  it("OpenFile= is not written beside openFile", () => {
    const raw = { Service: { OpenFile: "/etc/shop.conf" } };
    expect(problemsOf({ type: "notify", raw })).toMatchObject([{ path: "raw.Service.OpenFile" }]);
    expect(problemsOf({ raw })).toEqual([]);
  });

  it("each old name is one that systemd takes, and so is each new one", () => {
    const { Unit, Service } = directivesOf["service"]!;
    const known = (name: string) => Unit!.has(name) || Service!.has(name);
    expect(
      Object.entries(directiveAliases)
        .flat()
        .filter((name) => !known(name)),
    ).toEqual([]);
  });
});

describe("directives that raw accepts", () => {
  it.each<[string, object]>([
    ["a root folder", { Service: { RootDirectory: "/srv/root" } }],
    ["no dependencies by itself", { Unit: { DefaultDependencies: false } }],
    ["what is the default anyway", { Service: { RemainAfterExit: "no", PrivatePIDs: false } }],
    ["an input from a file", { Service: { StandardInput: "file:/srv/input" } }],
    ["a reboot where it has failed", { Unit: { FailureAction: "reboot", RebootArgument: "a" } }],
    ["a stop that other services follow", { Unit: { PropagatesStopTo: "worker.service" } }],
    ["folders that hold no part of the program", { Service: { InaccessiblePaths: "/mnt /srv/apps" } }],
    ["an empty list of folders", { Service: { InaccessiblePaths: "", TemporaryFileSystem: "" } }],
    ["a folder in which nothing runs, its script in it", { Service: { NoExecPaths: "/srv" } }],
    ["exit statuses that start it again", { Service: { RestartForceExitStatus: "10 SIGUSR1" } }],
  ])("%s", (_, raw) => {
    expect(problemsOf({ raw })).toEqual([]);
  });

  it("a network namespace for a service without a private one", () => {
    const raw = { Service: { NetworkNamespacePath: "/run/netns/a" } };
    expect(problemsOf({ raw })).toEqual([]);
    expect(problemsOf({ raw, hardening: "inbound" })).toMatchObject([
      {
        path: "raw.Service.NetworkNamespacePath",
        hint: "leave it out, or write privateNetwork: false in hardening",
      },
    ]);
  });
});

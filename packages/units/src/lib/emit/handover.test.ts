import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { lintUnits } from "../lint/lint.ts";
import { UnitError } from "../problems.ts";
import { emitUnits } from "./emit.ts";

const shop = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
  handover: true,
} satisfies AppDescription;

/** The last unit that is written, which is the service. */
const service = (more: object): string => Object.values(emitUnits({ ...shop, ...more })).at(-1)!;

const linesOf = (more: object, pattern: RegExp): string[] =>
  service(more)
    .split("\n")
    .filter((line) => pattern.test(line));

function problemsOf(more: object): string[] {
  try {
    emitUnits({ ...shop, ...more });
  } catch (error) {
    if (error instanceof UnitError)
      return error.problems.map(
        ({ code, finding = code, path, message }) => `${finding} ${path}: ${message}`,
      );
    throw error;
  }
  return [];
}

describe("a service that hands over", () => {
  it("notifies, and waits for the result of a reload", () => {
    const written = linesOf(
      {},
      /^(?:Type|NotifyAccess|OpenFile|ExecReload|Environment|RuntimeDirectory|Timeout)/,
    );
    expect(written).toEqual([
      "Type=notify",
      "NotifyAccess=main",
      "OpenFile=/run/systemd/notify:notify",
      "OpenFile=/run/systemd/journal/socket:journal:graceful",
      expect.stringMatching(/^ExecReload=\/bin\/sh -c '.*kill -HUP "\$\$MAINPID".*'$/),
      "Environment=NODE_ENV=production",
      "Environment=SOCKACT_HANDOVER=yes",
      "Environment=SOCKACT_RELOAD_RESULT=%t/shop-reload/result",
      "Environment=PWD=/srv/shop",
      "Environment=SOCKACT_IDLE_EXIT_STATUS=42",
      "Environment=HOME=%S/shop",
      "RuntimeDirectory=shop-reload",
    ]);
  });

  it.each([
    [{ workingDirectory: "/srv/shop/current" }, ["Environment=PWD=/srv/shop/current"]],
    [{ workingDirectory: "/srv/100% mine" }, ['Environment="PWD=/srv/100%% mine"']],
    [{ workingDirectory: { specifier: "/srv/%p" } }, ["Environment=PWD=/srv/%p"]],
    [{ workingDirectory: false }, []],
    [{ environment: { PWD: "/srv/other" } }, ["Environment=PWD=/srv/other"]],
  ])("starts the new version in the folder that a symlink leads to: %o", (more, written) => {
    expect(linesOf(more, /PWD=/)).toEqual(written);
  });

  it("keeps the old version if memory runs out for the new one, unless the description says otherwise", () => {
    expect(linesOf({}, /^OOMPolicy/)).toEqual(["OOMPolicy=continue"]);
    expect(linesOf({ oomPolicy: "kill" }, /^OOMPolicy/)).toEqual(["OOMPolicy=kill"]);
  });

  it("is written as without a handover if the field is false", () => {
    expect(emitUnits({ ...shop, handover: false })).toEqual(emitUnits({ ...shop, handover: undefined }));
    expect(service({ handover: false })).not.toContain("HANDOVER");
  });

  it.each([
    ["an instance", { name: "shop@blue" }, "shop@blue-reload"],
    ["a template", { template: true, sockets: [{ listen: { specifier: "/run/%i" } }] }, "shop-reload/%i"],
    ["instances that take turns", { rolling: true }, "shop-reload/%i"],
    ["a name with a colon", { name: "a:b", sockets: [{ listen: 80, name: "http" }] }, "a_b-reload"],
  ])("has a folder of its own: %s", (_, more, folder) => {
    expect(linesOf(more, /^RuntimeDirectory=/)).toEqual([`RuntimeDirectory=${folder}`]);
    expect(linesOf(more, /RELOAD_RESULT=/)).toEqual([
      `Environment=SOCKACT_RELOAD_RESULT=%t/${folder}/result`,
    ]);
  });

  it("keeps the folders of the description", () => {
    expect(linesOf({ runtimeDirectory: ["shop", "shop-reload"] }, /^RuntimeDirectory=/)).toEqual([
      "RuntimeDirectory=shop",
      "RuntimeDirectory=shop-reload",
      "RuntimeDirectory=shop-reload",
    ]);
  });

  it.each([
    [{ timeoutStartSec: "30s" }, ["SOCKACT_HANDOVER_TIMEOUT=20s", "TimeoutStartSec=30s"]],
    [{ timeoutStartSec: "5min" }, ["SOCKACT_HANDOVER_TIMEOUT=200s", "TimeoutStartSec=5min"]],
    [{ timeoutStartSec: "infinity" }, ["TimeoutStartSec=infinity"]],
    [{ handoverTimeout: "10s" }, ["SOCKACT_HANDOVER_TIMEOUT=10s"]],
    [{ handoverTimeout: "5min" }, ["SOCKACT_HANDOVER_TIMEOUT=5min", "TimeoutStartSec=450s"]],
    [
      { handoverTimeout: "5min", timeoutStartSec: "6min" },
      ["SOCKACT_HANDOVER_TIMEOUT=5min", "TimeoutStartSec=6min"],
    ],
  ])("gives up on its new version before systemd gives up on the reload: %j", (more, expected) => {
    const written = linesOf(more, /TIMEOUT|TimeoutStart/).map((line) => line.replace("Environment=", ""));
    expect(written).toEqual(expected);
  });

  it.each<object>([
    {},
    { hardening: "inbound" },
    { hardening: "none", user: "shop" },
    { manager: "user", uid: 1000, hardening: "none", sockets: [{ listen: 8080 }] },
    { rolling: true },
    { type: "notify" },
    { preload: true },
    { exec: ["/srv/shop/start.sh"], preload: "/opt/register.cjs" },
    {
      exec: ["/usr/bin/node", "--permission", "--allow-child-process", "--allow-net", "/srv/shop/server.js"],
    },
    { openFile: false, notifyAccess: "all" },
    { openFile: false, notifyAccess: "all", systemd: 249 },
    { reloadSignal: "SIGHUP" },
  ])("has no finding: %j", (more) => {
    expect(lintUnits(emitUnits({ ...shop, ...more }))).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{ type: "notify-reload" }, /CONFLICT type: systemd would send SIGHUP in addition/],
    [{ bind: "proxy" }, /CONFLICT handover: with bind: "proxy" the service opens its port itself/],
    [{ bind: "capability" }, /CONFLICT handover: with bind: "capability"/],
    [
      { sockets: [{ listen: 80, accept: true }] },
      /^handover-impossible handover: .*Accept=yes in shop\.socket/,
    ],
    [{ container: { image: "localhost/shop:1" } }, /CONFLICT handover: it does not apply to a container/],
    [{ exec: ["/usr/bin/python3", "/srv/a.py"] }, /CONFLICT handover: "\/usr\/bin\/python3" is not Node/],
    [{ exec: ["/usr/local/bin/bun", "/srv/a.js"] }, /is not Node/],
    [{ exec: ["/usr/bin/deno", "run", "/srv/a.js"] }, /is not Node/],
    [{ exec: ["/srv/shop/start.sh"] }, /is not Node/],
    [
      { exec: ["/usr/bin/node", "--permission", "/srv/a.js"] },
      /^handover-impossible exec: .*SOCKACT_HANDOVER with --permission/,
    ],
    [
      { environment: { NODE_OPTIONS: "--permission" } },
      /^handover-impossible environment.NODE_OPTIONS: .* --permission/,
    ],
    [{ type: "simple" }, /^handover-impossible type: .*SOCKACT_HANDOVER with Type=simple/],
    [
      { openFile: false },
      /CONFLICT openFile: the app could not tell systemd the process ID of the new version/,
    ],
    [{ execReload: [["/bin/true"]] }, /CONFLICT execReload: with handover, systemctl reload hands over/],
    [{ reloadSignal: "SIGUSR1" }, /CONFLICT reloadSignal: the app hands over only on SIGHUP/],
    [{ systemd: 252 }, /VERSION handover: OpenFile= needs systemd 253/],
    [{ manager: "user" }, /MISSING uid: it is missing/],
    [{ raw: { Service: { PrivatePIDs: true } } }, /raw.Service.PrivatePIDs/],
    [{ environment: { SOCKACT_HANDOVER: "yes" } }, /VARIABLE environment.SOCKACT_HANDOVER: the fields/],
    [{ environment: { SOCKACT_RELOAD_RESULT: "/a" } }, /VARIABLE environment.SOCKACT_RELOAD_RESULT/],
    [{ handover: "yes" }, /TYPE handover: "yes" is not a boolean/],
    [{ handover: false, handoverTimeout: "5s" }, /CONFLICT handoverTimeout: the service does not hand over/],
    [{ handoverTimeout: 0 }, /DURATION handoverTimeout: 0 is not a time limit/],
    [{ handoverTimeout: "infinity" }, /DURATION handoverTimeout: "infinity" is not a time limit/],
    [{ handoverTimeout: "90s", timeoutStartSec: "90s" }, /CONFLICT handoverTimeout: "90s" is not shorter/],
    [{ sockets: [{ listen: "/run/shop-reload/a.sock" }] }, /^runtime-directory .*DynamicUser=/],
    [
      { user: "shop", sockets: [{ listen: "/run/shop-reload/a.sock" }] },
      /^runtime-directory .*RuntimeDirectory=/,
    ],
  ])("is refused with one problem: %j", (more, expected) => {
    expect(problemsOf(more)).toEqual([expect.stringMatching(expected)]);
  });

  it.each([
    [["/usr/bin/npm", "start"]],
    [["/usr/bin/node", "/usr/lib/node_modules/npm/bin/npm-cli.js", "start"]],
  ])("is refused with a main process that is not the app: %j", (exec) => {
    expect(problemsOf({ exec })).toEqual([
      expect.stringMatching(/^exec-launcher exec: .*npm runs the app as a child process/),
      expect.stringMatching(/^notify-wrapped exec: .*npm is the main process/),
    ]);
  });
});

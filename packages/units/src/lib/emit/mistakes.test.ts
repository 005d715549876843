import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { UnitError, type UnitProblem } from "../problems.ts";
import { emitUnits } from "./emit.ts";
import { explain } from "./explain.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

function problemsOf(more: object): readonly UnitProblem[] {
  try {
    emitUnits({ ...shop, ...more });
    return [];
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
}

/**
 * What would be written, and would not work; each with the path of the problem, what its hint has, and what
 * follows the hint.
 */
describe("a mistake is reported, and a description with the proposed change is accepted:", () => {
  it.each<[string, object, string, string, object]>([
    [
      "a socket in the runtime directory of a user that exists only while the service runs",
      { runtimeDirectory: "shop", sockets: [{ listen: "/run/shop/http.sock" }] },
      "sockets[0].listen",
      "'/run/http.sock', or set a user",
      { runtimeDirectory: "shop", sockets: [{ listen: "/run/http.sock" }] },
    ],
    [
      "the same by the specifier of /run",
      { runtimeDirectory: ["a", "shop"], sockets: [{ listen: { specifier: "%t/shop/http.sock" } }] },
      "sockets[0].listen",
      "or set a user",
      { user: "shop", runtimeDirectory: "shop", sockets: [{ listen: "/run/shop/http.sock" }] },
    ],
    [
      "a socket in the state folder that the service gets by itself",
      { sockets: [{ listenDatagram: "/var/lib/shop/log.sock" }] },
      "sockets[0].listenDatagram",
      "'/run/log.sock'",
      { sockets: [{ listenDatagram: "/run/log.sock" }] },
    ],
    [
      "a socket beside that of its backend",
      { bind: "proxy", backend: "/run/shop/app.sock", sockets: [{ listen: "/run/shop/http.sock" }] },
      "sockets[0].listen",
      "'/run/http.sock'",
      { bind: "proxy", backend: "/run/shop/app.sock", sockets: [{ listen: "/run/http.sock" }] },
    ],
    [
      "a folder to write to that its user cannot own",
      { readWritePaths: ["/srv/shop/uploads"] },
      "readWritePaths",
      "supplementaryGroups",
      { readWritePaths: ["/srv/shop/uploads"], supplementaryGroups: ["uploads"] },
    ],
    [
      "the same, which its state folder can replace",
      { readWritePaths: ["/srv/shop/uploads", "/var/lib/shop/uploads"] },
      "readWritePaths",
      "or use /var/lib/shop, which needs no user",
      {},
    ],
    [
      "the same without a state folder",
      { hardening: "inbound", readWritePaths: ["/var/lib/shop"] },
      "readWritePaths",
      "or use stateDirectory",
      { hardening: "inbound", stateDirectory: "shop" },
    ],
    [
      "a folder below its state folder",
      { readWritePaths: ["/var/lib/shop/uploads"] },
      "readWritePaths",
      "leave it out",
      {},
    ],
    [
      "a folder below another state folder",
      { stateDirectory: "store", readWritePaths: [{ specifier: "%S/store/uploads" }] },
      "readWritePaths",
      "leave it out",
      { stateDirectory: "store" },
    ],
    [
      "a channel of Node that is not there",
      { environment: { NODE_CHANNEL_FD: "3" } },
      "environment.NODE_CHANNEL_FD",
      "remove it",
      {},
    ],
    [
      "a worker of no cluster",
      { environment: { NODE_UNIQUE_ID: "1" } },
      "environment.NODE_UNIQUE_ID",
      "remove it",
      {},
    ],
    [
      "watching for changes",
      { environment: { NODE_OPTIONS: "--enable-source-maps --watch" } },
      "environment.NODE_OPTIONS",
      "remove it",
      { environment: { NODE_OPTIONS: "--enable-source-maps" } },
    ],
    [
      "an option that Node takes on its command line alone",
      { environment: { NODE_OPTIONS: { specifier: "--test" } } },
      "environment.NODE_OPTIONS",
      "remove it",
      { environment: { NODE_OPTIONS: "-r /srv/shop/hook.js --test-reporter=dot" } },
    ],
    ...["dbus", "systemd-journald", "systemd", "init", "sshd", "ssh", "user@1000", "getty@tty1", "cron"].map(
      (name): [string, object, string, string, object] => [
        `the name of a unit of the system, ${name}`,
        { name },
        "name",
        "such as shop",
        { name: `shop-${name}` },
      ],
    ),
    [
      "a stop that never ends",
      { timeoutStopSec: "0s" },
      "timeoutStopSec",
      "'infinity'",
      { timeoutStopSec: "infinity" },
    ],
    [
      "a start that never ends",
      { timeoutStartSec: 0 },
      "timeoutStartSec",
      "'10s'",
      { timeoutStartSec: "10s" },
    ],
    ["no wait before a restart", { restartSec: 0 }, "restartSec", "'1s'", { restartSec: "1s" }],
    ["hardly a wait", { restartSec: "99ms" }, "restartSec", "'1s'", { restartSec: "1s" }],
    [
      "a command line in one string",
      { exec: "/usr/bin/node /srv/shop/server.js --verbose" },
      "exec",
      "['/usr/bin/node', '/srv/shop/server.js', '--verbose']",
      { exec: ["/usr/bin/node", "/srv/shop/server.js", "--verbose"] },
    ],
    [
      "a command line in one string, with a relative path",
      { exec: "/usr/bin/node --enable-source-maps dist/main.js" },
      "exec",
      "['/usr/bin/node', '--enable-source-maps', '/srv/shop/dist/main.js']",
      { exec: ["/usr/bin/node", "--enable-source-maps", "/srv/shop/dist/main.js"] },
    ],
    [
      "a command line in one string, for a shell",
      { exec: "node server.js" },
      "exec",
      "['/usr/bin/node', '/srv/shop/server.js']",
      { exec: ["/usr/bin/node", "/srv/shop/server.js"] },
    ],
    [
      "Node by itself",
      { exec: ["/usr/bin/env", "node", "--enable-source-maps"] },
      "exec",
      "['/usr/bin/node', '/srv/shop/server.js']",
      { exec: ["/usr/bin/node", "--import", "/srv/shop/server.js"] },
    ],
    [
      "Node that would read its program from a terminal",
      { exec: ["/usr/bin/node", "-"] },
      "exec",
      "['/usr/bin/node', '/srv/shop/server.js']",
      { exec: ["/usr/bin/node", "--eval", "require('/srv/shop')"] },
    ],
    [
      "a launcher of the app",
      { exec: ["/usr/bin/npm", "start"] },
      "exec",
      "exec: ['/usr/bin/node', '/srv/shop/server.js'] with the app's file",
      { exec: ["/usr/bin/node", "/srv/shop/server.js"] },
    ],
    [
      "a folder that hides a script behind env",
      {
        exec: ["/usr/bin/env", "node", "/srv/shop/server.js"],
        raw: { Service: { InaccessiblePaths: "/srv/shop" } },
      },
      "raw.Service.InaccessiblePaths",
      "remove its folder from the value",
      { exec: ["/usr/bin/env", "node", "/srv/shop/server.js"] },
    ],
    [
      "a shared user",
      { user: "nobody" },
      "user",
      "leave user out, or name an account that only this service has, such as user: 'shop'",
      { user: "shop" },
    ],
    [
      "root",
      { user: "root" },
      "user",
      "leave user out, or name an account that only this service has, such as user: 'shop'",
      {},
    ],
    [
      "Node in a home, the app outside",
      { exec: ["/home/me/.nvm/versions/node/v24.0.0/bin/node", "/srv/shop/server.js"] },
      "exec[0]",
      "set user to the account that owns the home directory, or install Node outside home directories",
      { user: "me", exec: ["/home/me/.nvm/versions/node/v24.0.0/bin/node", "/srv/shop/server.js"] },
    ],
    [
      "Node in the home of root",
      { exec: ["/root/.nvm/versions/node/v24.0.0/bin/node", "/srv/shop/server.js"] },
      "exec[0]",
      "write its path, such as '/usr/bin/node'",
      {},
    ],
    [
      "a watchdog with no type",
      { watchdogSec: "30s" },
      "watchdogSec",
      "write type: 'notify' too",
      { watchdogSec: "30s", type: "notify" },
    ],
    [
      "a FIFO, which has no field",
      { sockets: [{ listenFIFO: "/run/shop.fifo" }] },
      "sockets[0].listenFIFO",
      "raw: { Socket: { ListenFIFO: … } }",
      { sockets: [{ raw: { Socket: { ListenFIFO: "/run/shop.fifo" } } }] },
    ],
    ["a watchdog with no type and no unit", { watchdogSec: 30 }, "watchdogSec", "'30s'", {}],
  ])("%s", (_, wrong, path, hint, right) => {
    expect(problemsOf(wrong)).toMatchObject([{ path, hint: expect.stringContaining(hint) }]);
    expect(problemsOf(right)).toEqual([]);
  });

  it("no hint proposes protectHome for the home of root, which others cannot read", () => {
    const [problem] = problemsOf({ exec: ["/usr/bin/node", "/root/shop/server.js"] });
    expect(problem!.hint).toBe("move the app to /srv or /opt");
  });

  it("a socket beside the service's folders, or in those of a user with a name, is taken", () => {
    const runtimeDirectory = "shop";
    expect(problemsOf({ runtimeDirectory, sockets: [{ listen: "/run/shop.sock" }] })).toEqual([]);
    expect(problemsOf({ runtimeDirectory, sockets: [{ listen: "/run/shop-http/a.sock" }] })).toEqual([]);
    expect(problemsOf({ configurationDirectory: "shop", sockets: [{ listen: "/etc/shop/a.sock" }] })).toEqual(
      [],
    );
  });
});

describe("an error", () => {
  it("says in its message what to change, so that a log of the message is enough", () => {
    const description = { ...shop, idleTimeout: "30", restart: "sometimes" };
    expect(() => emitUnits(description as never)).toThrow(
      `idleTimeout: "30" is not a duration; write '30s' for seconds, or '30ms' for milliseconds
restart: "sometimes" is not among the choices; one of no, on-success,`,
    );
  });
});

describe("explain", () => {
  const reasonOf = (name: string, value: string) =>
    explain({ ...shop, environment: { [name]: value } }).find(
      (line) => line.directive === "Environment" && line.value?.includes(name),
    )?.reason;

  it.each([
    ["DATABASE_URL", "postgres://shop:secret@db/shop"],
    ["SESSION_SECRET", "a"],
    ["DB_PASSWORD", "a b"],
    ["API_KEY", "a"],
    ["GITHUB_TOKEN", "a"],
  ])("says of %s that every user can read it", (name, value) => {
    expect(reasonOf(name, value)).toContain("Every user of the machine can read a unit file");
  });

  it("says it of nothing else", () => {
    expect(reasonOf("DATABASE_URL", "postgres://db.example:5432/shop")).toBe("The description sets it.");
    expect(reasonOf("KEYBOARD", "us")).toBe("The description sets it.");
  });
});

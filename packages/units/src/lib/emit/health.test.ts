import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { lintUnits } from "../lint/lint.ts";
import { UnitError } from "../problems.ts";
import { emitUnits } from "./emit.ts";
import { explain } from "./explain.ts";

const shop = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
} satisfies AppDescription;

const twoSockets = [
  { name: "web", listen: 80 },
  { name: "admin", listen: 81 },
];

const unitsOf = (more: Partial<AppDescription>): Record<string, string> => emitUnits({ ...shop, ...more });

/** The lines of a unit that match. */
const linesOf = (text: string | undefined, pattern: RegExp): string[] =>
  text!.split("\n").filter((line) => pattern.test(line));

function problemsOf(more: object): string[] {
  try {
    emitUnits({ ...shop, ...more });
  } catch (error) {
    if (error instanceof UnitError)
      return error.problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);
    throw error;
  }
  return [];
}

describe("health", () => {
  it("is the variable that sockact reads inside the app, and writes no further unit", () => {
    const units = unitsOf({ health: "/healthz" });
    expect(Object.keys(units)).toEqual(["shop.socket", "shop.service"]);
    expect(linesOf(units["shop.service"], /HEALTH/)).toEqual(["Environment=SOCKACT_HEALTH=/healthz"]);
  });

  it("reaches an app in a container", () => {
    const units = unitsOf({
      exec: undefined,
      container: { image: "localhost/shop:1" },
      health: "/$health",
    });
    expect(linesOf(units["shop.container"], /HEALTH/)).toEqual(["Environment=SOCKACT_HEALTH=/$$health"]);
  });

  it.each(["healthz", "", "/a?b", "/a#b", "/a b", "/é", "/a\n", { specifier: "/%n" }, 80])(
    "is refused if no request has this path: %o",
    (path) => {
      expect(problemsOf({ health: path })).toEqual([
        expect.stringMatching(/^SOCKACT_ERR_UNIT_(?:PATH|TEXT|TYPE) health: /),
      ]);
    },
  );

  it("is refused as a variable of the environment", () => {
    expect(problemsOf({ environment: { SOCKACT_HEALTH: "/healthz" } })).toEqual([
      "SOCKACT_ERR_UNIT_VARIABLE environment.SOCKACT_HEALTH: the fields of the description set SOCKACT_HEALTH",
    ]);
  });
});

describe("healthSocket", () => {
  it("adds a socket that lives and ends with the app's sockets", () => {
    const units = unitsOf({ sockets: twoSockets, healthSocket: [8081, "10.0.0.1:8082"] });
    expect(Object.keys(units)).toEqual([
      "shop-web.socket",
      "shop-admin.socket",
      "shop.service",
      "shop-health.socket",
      "shop-health@.service",
    ]);
    for (const unit of ["shop-web.socket", "shop-admin.socket"])
      expect(linesOf(units[unit], /^Wants=/)).toEqual(["Wants=shop-health.socket"]);
    expect(
      linesOf(units["shop-health.socket"], /^(?:BindsTo|After|Listen|Accept|FreeBind|WantedBy)/),
    ).toEqual([
      "BindsTo=shop-web.socket",
      "BindsTo=shop-admin.socket",
      "After=shop-web.socket",
      "After=shop-admin.socket",
      "ListenStream=8081",
      "ListenStream=10.0.0.1:8082",
      "Accept=yes",
      "FreeBind=true",
    ]);
  });

  it("reads the file of sockact drain: the system's, or that of the user", () => {
    const command = (more: Partial<AppDescription>) =>
      linesOf(unitsOf({ healthSocket: 8081, ...more })["shop-health@.service"], /^ExecStart=/)[0];
    expect(command({})).toMatch(/ sh \/var\/lib\/sockact\/drained\/shop$/);
    expect(command({ manager: "user" })).toMatch(
      /"cd \\"\$\$\{XDG_STATE_HOME:-\$\$HOME\/\.local\/state\}\\"; .* sh sockact\/drained\/shop$/,
    );
  });

  it.each<[string, Partial<AppDescription>]>([
    ["several sockets", { sockets: twoSockets }],
    ["a rolling restart", { rolling: true }],
    ["a handover", { handover: true }],
    ["sleep", { idleTimeout: "5min" }],
    ["a service for each connection", { sockets: [{ listen: 80, accept: true }] }],
    ["a proxy", { bind: "proxy" }],
    ["the service manager of a user", { manager: "user", uid: 1000 }],
    ["an old systemd", { systemd: 239 }],
    ["a container", { exec: undefined, container: { image: "localhost/shop:1" } }],
    ["no sandbox", { hardening: "none" }],
  ])("goes with %s, and the linter finds nothing in the units", (_, more) => {
    const units = unitsOf({ health: "/healthz", healthSocket: 8081, ...more });
    expect(units).toHaveProperty(["shop-health@.service"]);
    const findings = lintUnits(units, { user: more.manager === "user" });
    expect(findings.filter(({ file }) => file.includes("health"))).toEqual([]);
  });

  it("has a reason for each line that the description does not ask for", () => {
    const lines = explain({ ...shop, healthSocket: 8081 }).filter(({ unit }) =>
      unit.startsWith("shop-health"),
    );
    expect(lines.filter(({ status }) => status === "asked").map(({ directive }) => directive)).toEqual([
      "ListenStream",
    ]);
  });

  it.each<[string, object, string]>([
    ["is not an address", { healthSocket: "localhost" }, "SOCKACT_ERR_UNIT_ADDRESS healthSocket: "],
    [
      "is the port of the app",
      { healthSocket: "127.0.0.1:80" },
      'SOCKACT_ERR_UNIT_CONFLICT healthSocket: "80" is already open: sockets[0].listen',
    ],
    [
      "has the name of a socket",
      { sockets: [{ name: "health", listen: 80 }, twoSockets[1]], healthSocket: 8081 },
      "SOCKACT_ERR_UNIT_CONFLICT sockets[0].name: the socket of healthSocket has this name",
    ],
    [
      "is one for all instances",
      { template: true, healthSocket: 8081 },
      "SOCKACT_ERR_UNIT_CONFLICT healthSocket: all instances would listen on the same address",
    ],
    [
      "is for an instance",
      { name: "shop@eu", healthSocket: 8081 },
      "SOCKACT_ERR_UNIT_CONFLICT healthSocket: all instances would listen on the same address",
    ],
    [
      "has no socket unit to follow",
      { bind: "capability", healthSocket: 8081 },
      "SOCKACT_ERR_UNIT_CONFLICT healthSocket: without a socket unit, nothing wakes the service, so it never sleeps",
    ],
    [
      "makes a name too long",
      { name: "s".repeat(240), healthSocket: 8081 },
      "SOCKACT_ERR_UNIT_LENGTH name: the unit's name has 256 characters",
    ],
  ])("is refused if it %s", (_, more, problem) => {
    expect(problemsOf(more)).toContainEqual(expect.stringContaining(problem));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { lintUnits } from "../lint/lint.ts";
import { UnitError, type UnitProblem } from "../problems.ts";
import { emitUnits } from "./emit.ts";
import { explain, explanationText } from "./explain.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

function problemsOf(description: AppDescription): readonly UnitProblem[] {
  try {
    emitUnits(description);
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
  return [];
}

/** Errors and warnings, but for what the fields restart and restartSec ask for. */
const serious = (files: Record<string, string>, { manager }: AppDescription) =>
  lintUnits(files, { user: manager === "user" }).filter(({ severity }) => severity !== "info");

describe("a description whose units the linter would complain of", () => {
  it.each<[string, Partial<AppDescription>, string, string, RegExp]>([
    [
      "npm",
      { exec: ["/usr/bin/npm", "start"] },
      "exec-launcher",
      "exec",
      /exec: \['\/usr\/bin\/node', '\/srv\/shop\/server\.js'\]/,
    ],
    ["npx", { exec: ["/usr/bin/npx", "next", "start"] }, "exec-launcher", "exec", /the app's file/],
    ["tsx", { exec: ["/usr/bin/tsx", "/srv/shop/server.ts"] }, "exec-launcher", "exec", /'--import', 'tsx'/],
    ["nodemon", { exec: ["/usr/bin/nodemon", "/srv/a.js"] }, "exec-launcher", "exec", /the app's file/],
    [
      "a shell that stays",
      { exec: ["/bin/sh", "-c", "node /srv/shop/server.js"] },
      "exec-shell",
      "exec",
      /exec node/,
    ],
    [
      "an app in a temporary folder",
      { exec: ["/usr/bin/node", "/tmp/app.js"] },
      "temporary-hidden",
      "exec",
      /\/srv or \/opt/,
    ],
    [
      "a folder that only this service sees empty",
      { workingDirectory: { specifier: "%T/shop" } },
      "temporary-hidden",
      "workingDirectory",
      /\/srv or \/opt/,
    ],
    [
      "the name of an account",
      { name: "nginx" },
      "user-shared",
      "name",
      /^choose another name, such as 'nginx-app'/,
    ],
    [
      "a command line as one word",
      { exec: ["/usr/bin/node /srv/shop/server.js"] },
      "exec-quoted",
      "exec",
      /^write each word separately, as in exec: \['/,
    ],
    [
      "a raw directive that has a field",
      { raw: { Service: { Nices: 5 } } },
      "directive-unknown",
      "raw.Service.Nices",
      /^write nice: 5$/,
    ],
    [
      "a low port behind a proxy",
      { bind: "proxy", environment: { PORT: "80" } },
      "port-privileged",
      "environment.PORT",
      /write bind: 'socket'/,
    ],
    [
      "a connection that nobody reads",
      { exec: ["/bin/cat"], sockets: [{ listen: 80, accept: true }] },
      "standard-input-missing",
      "exec",
      /^write inetd: true$/,
    ],
    [
      "hardly any processor",
      { cpuQuota: "1%" },
      "limit-tiny",
      "cpuQuota",
      /^remove it, or cpuQuota: '50%', or more$/,
    ],
    [
      "a limit of addresses",
      { raw: { Service: { LimitAS: "100M" } } },
      "limit-low",
      "raw.Service.LimitAS",
      /and memoryMax to limit memory$/,
    ],
    ["children that stay", { killMode: "process" }, "kill-mode", "killMode", /^write killMode: 'mixed'/],
    [
      "the debugger at a stop",
      { killSignal: "SIGUSR1" },
      "kill-signal",
      "killSignal",
      /^write killSignal: 'SIGTERM'/,
    ],
    [
      "the end at a reload",
      { type: "notify-reload", reloadSignal: "SIGTERM" },
      "reload-signal",
      "reloadSignal",
      /^write reloadSignal: 'SIGHUP'/,
    ],
    ["root", { user: "root" }, "user-root", "user", /^leave user out/],
    [
      "a variable of sockact that it cannot read",
      { environment: { SOCKACT_NOTIFY: "maybe" } },
      "variable-invalid",
      "environment.SOCKACT_NOTIFY",
      /write yes or no/,
    ],
    [
      "a socket that clients cannot reach",
      { sockets: [{ listen: 80, raw: { Socket: { IPAddressDeny: "any" } } }] },
      "clients-blocked",
      "sockets[0].raw.Socket.IPAddressDeny",
      /the service/,
    ],
    [
      "a directive of the sandbox",
      { exec: ["/bin/sh", "-c", "exec node /srv/a.js"], hardening: { memoryDenyWriteExecute: true } },
      "jit-killed",
      "hardening.memoryDenyWriteExecute",
      /write jitless: true/,
    ],
  ])("is refused at the field that says so: %s", (_title, more, code, path, hint) => {
    const problem = problemsOf({ ...shop, ...more }).find(({ finding }) => finding === code);
    expect(problem).toMatchObject({ code: "SOCKACT_ERR_UNIT_LINT", path });
    expect(problem!.hint).toMatch(hint);
  });

  it("is reported once, with an instruction", () => {
    expect(() => emitUnits({ ...shop, exec: ["/usr/bin/tsx", "/srv/shop/server.ts"] })).toThrow(
      "exec: exec-launcher: tsx runs the app as a child process. systemd passes the sockets only to the process that it starts, so the app gets none. The app may not get SIGTERM in time either; write exec: ['/usr/bin/node', '--import', 'tsx', '/srv/shop/server.ts'] with the app's file. To keep the units as they are, write acknowledge",
    );
  });

  it("is written if it acknowledges the finding, and only with that", () => {
    const description: AppDescription = { ...shop, killMode: "process", acknowledge: ["kill-mode"] };
    expect(emitUnits(description)["shop.service"]).toContain("KillMode=process\n");
    expect(problemsOf({ ...description, user: "root" })).toMatchObject([{ path: "user" }]);
  });

  it("shows in explain() which findings it acknowledges", () => {
    const told = explain({ ...shop, killMode: "process", acknowledge: ["kill-mode"] });
    expect(told.filter(({ status }) => status === "acknowledged")).toEqual([
      {
        unit: "shop.service",
        profile: "outbound",
        section: "Service",
        directive: "KillMode",
        value: "process",
        status: "acknowledged",
        reason:
          "kill-mode, a warning of the linter: When the service is stopped, its child processes keep running, and their sockets stay open.",
      },
    ]);
    expect(explanationText(told)).toContain(
      "shop.service, acknowledged (outbound)\n\nKillMode=process\n    kill-mode",
    );
  });

  it.each<[string, readonly unknown[], string, RegExp]>([
    ["a code that the linter does not have", ["kill-mod"], "SOCKACT_ERR_UNIT_CHOICE", /^write 'kill-mode'$/],
    ["a code that is like none", ["nothing"], "SOCKACT_ERR_UNIT_CHOICE", /a code of lintUnits\(\)/],
    ["a code that nothing has been found for", ["user-root"], "SOCKACT_ERR_UNIT_CONFLICT", /^leave it out$/],
    ["a hint, which is never refused", ["enabled-at-boot"], "SOCKACT_ERR_UNIT_CONFLICT", /^leave it out$/],
  ])("acknowledges neither %s", (_title, acknowledge, code, hint) => {
    const description = { ...shop, wantedBy: ["multi-user.target"], acknowledge } as AppDescription;
    expect(problemsOf(description)).toMatchObject([
      { code, path: "acknowledge[0]", hint: expect.stringMatching(hint) },
    ]);
  });

  it("is refused in the other ways to a port, too, but where a launcher does no harm", () => {
    expect(problemsOf({ ...shop, bind: "capability", killMode: "process" })).toMatchObject([
      { path: "killMode" },
    ]);
    expect(problemsOf({ ...shop, bind: "proxy", exec: ["/usr/bin/npm", "start"] })).toEqual([]);
  });
});

/** Descriptions of which many are bad. */
const random = fc.record(
  {
    name: fc.constantFrom("shop", "shop@blue"),
    exec: fc.constantFrom(
      ...[
        "/usr/bin/node /srv/shop/server.js",
        "/usr/bin/node /srv/shop/dist/main.js",
        "/usr/bin/node --import tsx /srv/shop/server.ts",
        "/usr/bin/node server.js",
        "/usr/bin/node /tmp/server.js",
        "/usr/bin/node /home/me/server.js",
        "/usr/bin/node --watch /srv/shop/server.js",
        "/usr/bin/env node /srv/shop/server.js",
        "/usr/bin/npm start",
        "/usr/bin/node /usr/lib/node_modules/npm/bin/npm-cli.js start",
        "/usr/bin/python3 /srv/shop/app.py",
        "/bin/sh /srv/shop/run",
      ].map((line) => line.split(" ")),
      ["/bin/bash", "-c", "node /srv/shop/server.js"],
      ["/bin/bash", "-c", "exec node /srv/shop/server.js"],
    ),
    sockets: fc.constantFrom(
      [{ listen: 80 }],
      [{ listen: "/run/shop/shop.sock" }],
      [{ listen: 80, accept: true }],
      [
        { name: "a", listen: 80 },
        { name: "b", listen: 81, reusePort: true },
      ],
    ),
    bind: fc.constantFrom("socket", "capability", "proxy"),
    manager: fc.constantFrom("system", "user"),
    uid: fc.constant(1000),
    user: fc.constantFrom("shop", "root"),
    workingDirectory: fc.constantFrom<(string | false)[]>("/srv/shop", "/home/me/shop", false),
    environment: fc.constantFrom(
      { PORT: "80" },
      { SOCKACT_NOTIFY: "maybe" },
      { NODE_ENV: false as const, HOME: "/srv" },
    ),
    type: fc.constantFrom("simple", "exec", "notify", "notify-reload", "idle"),
    notifyAccess: fc.constantFrom("main", "all"),
    openFile: fc.boolean(),
    watchdogSec: fc.constant("30s"),
    drainTimeout: fc.constantFrom("5s", "5min", "infinity"),
    timeoutStopSec: fc.constantFrom("1s", "10min"),
    idleTimeout: fc.constant("5min"),
    restart: fc.constantFrom("no", "on-failure", "always"),
    killMode: fc.constantFrom("control-group", "mixed", "process"),
    rolling: fc.boolean(),
    jitless: fc.boolean(),
    compileCache: fc.boolean(),
    preload: fc.constantFrom(true, "/srv/preload.cjs", { map: { 3000: "http" } }),
    runtimeDirectory: fc.constant("shop"),
    runtimeDirectoryPreserve: fc.constantFrom("no", "yes"),
    hardening: fc.constantFrom(
      "none",
      "inbound",
      { profile: "none", protectHome: true },
      { memoryDenyWriteExecute: true },
      { systemCallErrorNumber: "ENOSYS" },
    ),
    wantedBy: fc.constant(["multi-user.target"]),
    raw: fc.constantFrom({ Service: { PrivatePIDs: true } }, { Service: { TimeoutAbortSec: "1s" } }),
  },
  { requiredKeys: ["name", "exec", "sockets"] },
) as fc.Arbitrary<AppDescription>;

/** What is random is mostly at its default, so that more than one problem is rare. */
const mostly = random.chain((description) =>
  fc
    .subarray(Object.keys(description), { maxLength: 3 })
    .map((kept) =>
      Object.fromEntries(
        Object.entries(description).filter(([field]) => ["name", "exec", "sockets", ...kept].includes(field)),
      ),
    ),
) as unknown as fc.Arbitrary<AppDescription>;

it("random descriptions are refused, or written without an error or a warning of the linter", () => {
  const seen = { refused: 0, found: 0, written: 0 };
  fc.assert(
    fc.property(mostly, (description) => {
      const problems = problemsOf(description);
      if (problems.length > 0) {
        seen.refused += 1;
        if (problems.some(({ code }) => code === "SOCKACT_ERR_UNIT_LINT")) seen.found += 1;
        return;
      }
      seen.written += 1;
      expect(serious(emitUnits(description), description)).toEqual([]);
    }),
    { seed: 20_261_125, numRuns: 400 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(40);
});

it("random descriptions are written with the findings that they acknowledge, and no others", () => {
  fc.assert(
    fc.property(mostly, (description) => {
      const problems = problemsOf(description);
      fc.pre(problems.length > 0 && problems.every(({ code }) => code === "SOCKACT_ERR_UNIT_LINT"));
      const codes = [...new Set(problems.map(({ finding }) => finding!))];
      const acknowledging = { ...description, acknowledge: codes } as AppDescription;
      const found = serious(emitUnits(acknowledging), description).map(({ code }) => code);
      expect([...new Set(found)].toSorted()).toEqual(codes.toSorted());
      const told = explain(acknowledging).filter(({ status }) => status === "acknowledged");
      expect(told).toHaveLength(problems.length);
    }),
    { seed: 20_261_126, numRuns: 60 },
  );
});

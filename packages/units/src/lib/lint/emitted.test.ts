import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everyField, ofUser } from "../../../test/every-field.ts";
import { gitea } from "../../../test/gitea.ts";
import type { AppDescription } from "../description/app.ts";
import type { SocketDescription } from "../description/socket.ts";
import type { Duration } from "@sockact/shared/durations";
import { buildUnits, emitUnits } from "../emit/emit.ts";
import { givenOf, parseUnits } from "../model/unit-set.ts";
import { loadUnit, valueOf, valuesOf } from "../parse/load.ts";
import { parseUnit, stringifyUnit } from "../parse/parse.ts";
import { expandSpecifiers } from "../systemd/expansion.ts";
import { commandsOf, wordsOf } from "../parse/words.ts";
import { lintUnits } from "./lint.ts";

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."\\\"'%$ \n\t\r;#\x01\x7f{}~né=".split("")),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});
const span = fc.constantFrom<Duration[]>("30s", "5min", "1h 30min", "250ms", 0);
const sentence = fc.constantFrom(`50% of "Gitea" is $HOME; # no comment`, "é", "\\n [Unit]");

const socket: fc.Arbitrary<SocketDescription> = fc.record(
  {
    description: sentence,
    noDelay: fc.boolean(),
    backlog: fc.nat(),
    reusePort: fc.boolean(),
    keepAliveTimeSec: span,
    socketMode: fc.constantFrom("0660", "666"),
    removeOnStop: fc.boolean(),
    pollLimitIntervalSec: span,
  },
  { requiredKeys: [] },
);
const app = fc
  .record(
    {
      name: fc.constantFrom("app", "my-app", "a\\x20b", "app@blue"),
      description: sentence,
      exec: fc.array(text).map((words) => ["/usr/bin/node", "/srv/app/server.js", ...words]),
      sockets: fc.array(socket, { minLength: 1, maxLength: 3 }).map((all) =>
        all.map((one, index) => ({
          ...one,
          name: ["http", "my api/100%", "x"][index]!,
          listen: [8000 + index, `/run/my app/${index}%.sock`],
        })),
      ),
      user: fc.constantFrom("me", "git"),
      workingDirectory: fc.constantFrom("/srv/100% $mine", "/home/me/app"),
      environment: fc.dictionary(fc.constantFrom("A", "B_2", "HOME"), text),
      type: fc.constantFrom("simple", "exec", "notify", "notify-reload", "idle"),
      drainTimeout: fc.constantFrom<(Duration | "infinity")[]>("1min", "infinity", "500ms"),
      restart: fc.constantFrom("no", "on-failure", "always"),
      hardening: fc.constantFrom("none", "inbound", "outbound"),
      wantedBy: fc.constantFrom(["multi-user.target"]),
      after: fc.constantFrom(["network.target"]),
    } satisfies { [Field in keyof AppDescription]?: fc.Arbitrary<AppDescription[Field]> },
    { requiredKeys: ["name", "exec", "sockets"] },
  )
  // A user that exists only while the service runs cannot have a program in a home.
  .map((one) => (one.workingDirectory?.startsWith("/home/") === true ? { user: "me", ...one } : one))
  .filter(({ exec, environment }) =>
    [...exec, ...Object.values(environment ?? {})].every((word) => !word.includes("\0")),
  );
const seed = { seed: 20_250_404, numRuns: 60 };

/** What nobody asked for: a description may ask for restart: "no". */
const serious = (files: Record<string, string>) =>
  lintUnits(files).filter(({ severity }) => severity !== "info");

describe("what emitUnits writes", () => {
  it("has no error and no warning, and no info about added lines", () => {
    expect(
      lintUnits(
        emitUnits({ name: "app", exec: ["/usr/bin/node", "/srv/app/server.js"], sockets: [{ listen: 80 }] }),
      ),
    ).toEqual([]);
    expect(serious(emitUnits(gitea))).toEqual([]);
    const rolling = {
      name: "app",
      exec: ["/usr/bin/node", "/srv/app/server.js"],
      rolling: true,
      wantedBy: ["multi-user.target"],
    };
    expect(serious(emitUnits({ ...rolling, sockets: [{ listen: 80 }] }))).toEqual([]);
    fc.assert(
      fc.property(app, (description) => {
        expect(serious(emitUnits(description))).toEqual([]);
        expect(serious(emitUnits(description, { comments: true }))).toEqual([]);
      }),
      seed,
    );
  });

  const least: AppDescription = {
    name: "app",
    exec: ["/usr/bin/node", "/srv/app/server.js"],
    hardening: "inbound",
    sockets: [{ listen: 80 }],
  };
  const { exec: _, ...unnamed } = least;
  it.each<[string, AppDescription]>([
    ...Object.entries(everyField),
    ["a capability", { ...least, bind: "capability" }],
    ["a proxy", { ...least, bind: "proxy", idleTimeout: "5min" }],
    ["a proxy by a unix socket", { ...least, bind: "proxy", backend: "/run/app/app.sock" }],
    ["a container", { ...unnamed, container: { image: "localhost/app:1" } }],
    ["templates", { ...least, template: true, sockets: [{ listen: { specifier: "/run/app/%i.sock" } }] }],
    [
      "a process for each connection",
      { ...least, exec: ["/bin/cat"], inetd: true, sockets: [{ listen: 7, accept: true }] },
    ],
    ["no compiler", { ...least, jitless: true }],
    [
      "a folder for its socket",
      { ...least, user: "app", runtimeDirectory: "app", sockets: [{ listen: "/run/app/app.sock" }] },
    ],
  ])("gives no error and no warning for %s", (_title, description) => {
    expect(serious(emitUnits(description))).toEqual([]);
  });

  it("gives none as units of a user's manager", () => {
    for (const description of Object.values(ofUser)) {
      const findings = lintUnits(emitUnits(description), { user: true });
      expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
    }
  });

  it("is linted line by line as its text is read", () => {
    fc.assert(
      fc.property(app, (description) => {
        for (const { entries } of buildUnits(description).files.values()) {
          const built = entries.map((entry) => {
            const { reason: _reason, field: _field, ...rest } = { reason: "", field: "", ...entry };
            return rest;
          });
          expect(built).toEqual(parseUnit(stringifyUnit({ entries, open: false })).entries);
        }
      }),
      { seed: 20_261_130, numRuns: 100 },
    );
  });

  it("is read as it was meant", () => {
    fc.assert(
      fc.property(app, (description) => {
        const files = emitUnits(description);
        const name = `${description.name}.service`;
        const unit = loadUnit(name, givenOf(parseUnits(files)))!;
        const expand = (value: string) => expandSpecifiers(value, name);
        const [command] = commandsOf(valueOf(unit, "Service", "ExecStart")!.value, name).commands;
        expect(command!.argv.map((word) => word.replaceAll("$$", "$"))).toEqual(description.exec);
        const variables = valuesOf(unit, "Service", "Environment").flatMap(({ value }) =>
          wordsOf(value).words.map(expand),
        );
        expect(variables).toEqual(
          expect.arrayContaining(
            Object.entries(description.environment ?? {}).map((variable) => variable.join("=")),
          ),
        );
        expect(expand(valueOf(unit, "Unit", "Description")!.value)).toBe(
          description.description ?? description.name,
        );
        const folder = valueOf(unit, "Service", "WorkingDirectory")?.value;
        expect(folder && expand(folder)).toBe(description.workingDirectory ?? "/srv/app");
        for (const [index, { name: socketName, listen }] of description.sockets.entries()) {
          const given = givenOf(buildUnits({ ...description, sockets: [{ name: socketName, listen }] }));
          const socketUnit = loadUnit(`${description.name}.socket`, given)!;
          expect(valuesOf(socketUnit, "Socket", "ListenStream").map(({ value }) => expand(value))).toEqual([
            String(8000 + index),
            `/run/my app/${index}%.sock`,
          ]);
        }
      }),
      seed,
    );
  });
});

import { Command } from "commander";
import { describe, expect, test } from "vitest";
import type { LifecycleOptions, SocketOptions } from "@sockact/core";
import { type AppDescription, emitUnits, type SocketDescription } from "@sockact/units";
import { addAppOptions } from "../src/lib/command-line/app-options.ts";
import { VARIABLES } from "../../core/src/lib/shared/environment-options.ts";

// What the code of an app, the unit, the config and the command line call the same thing has one name and one
// type.

type Option = keyof typeof VARIABLES;

/** The options of core that a description has, too. Each is a value, and the variable that it writes. */
const inDescriptions = {
  drainTimeout: ["30s", "30s"],
  idleTimeout: ["5min", "5min"],
  handover: [true, "yes"],
  handoverTimeout: ["40s", "40s"],
  health: ["/healthz", "/healthz"],
} satisfies Partial<Record<Option & keyof LifecycleOptions & keyof AppDescription, [unknown, string]>>;

/** Why a description does not have the option. */
const inCodeAlone = {
  idleExitStatus: "emitUnits() chooses it, because other lines depend on it",
  stopDelay: "it has no effect on passed sockets",
  notify: "`type` and `notifyAccess` say whether the service manager waits for messages",
  watchdog: "`watchdogSec` turns it on",
  trustProxy: "only an installation behind a proxy knows that it is behind one",
  signals: "only the code knows which other library handles signals",
  ignoreListenPid: "systemd sets LISTEN_PID",
} satisfies Partial<Record<Option, string>>;

/** Whether two types accept the same values. */
type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

type Shared = keyof LifecycleOptions & keyof AppDescription;

// `npm run typecheck` compares the types of all options that both have.
({
  drainTimeout: true,
  idleTimeout: true,
  handover: true,
  handoverTimeout: true,
  health: true,
}) satisfies { [Name in Shared]: Same<LifecycleOptions[Name], AppDescription[Name]> };

// The variable has no place for `timeout`.
const senders: Exclude<SocketDescription["proxyProtocol"], undefined> = { from: ["10.0.0.1"] };
senders satisfies SocketOptions["proxyProtocol"];

const app: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
  systemd: 257,
};

test("the variable of an option has its name", () => {
  for (const [option, variable] of Object.entries(VARIABLES))
    expect(variable).toBe(`SOCKACT_${option.replaceAll(/[A-Z]/g, "_$&").toUpperCase()}`);
});

test("each option with a variable is a field of a description, or there is a reason", () => {
  const known = [...Object.keys(inDescriptions), ...Object.keys(inCodeAlone), "proxyProtocol"];
  expect(Object.keys(VARIABLES).toSorted()).toEqual(known.toSorted());
});

describe("the field of a description writes the variable of the option", () => {
  test.each(Object.entries(inDescriptions))("%s", (option, [value, text]) => {
    const more = option === "handoverTimeout" ? { handover: true } : {};
    const { "shop.service": service } = emitUnits({ ...app, ...more, [option]: value });
    expect(service).toMatch(new RegExp(`^Environment=.*\\b${VARIABLES[option as Option]}=${text}\\b`, "m"));
  });

  test.each(["idleTimeout", "health"] as const)("%s: false is no", (option) => {
    const { "shop.service": service } = emitUnits({ ...app, [option]: false });
    expect(service).toContain(`Environment=${VARIABLES[option]}=no\n`);
  });

  test("proxyProtocol", () => {
    const { "shop.service": service } = emitUnits({
      ...app,
      sockets: [{ listen: 80, proxyProtocol: senders }],
    });
    expect(service).toContain("Environment=SOCKACT_PROXY_PROTOCOL=shop.socket:10.0.0.1\n");
  });
});

test("an option of sockact install has the name of the field", () => {
  const { options } = addAppOptions(new Command());
  const names = options.map((option) => option.attributeName());
  expect(names.filter((name) => name in inDescriptions || /idle|drain|health/i.test(name))).toEqual([
    "idleTimeout",
    "handover",
  ]);
});

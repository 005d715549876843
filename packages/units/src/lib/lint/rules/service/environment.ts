import { durationOf } from "@sockact/shared/durations";
import { nearest } from "@sockact/shared/nearest";
import { booleanOf } from "../../../systemd/booleans.ts";
import { proxyEntries } from "../../../node/proxy-protocol.ts";
import { mapEntries } from "../../../node/register.ts";
import { signalNames } from "../../../systemd/value-names.ts";
import { either, valueWhere, whole, type ReadValue } from "../../values/readers.ts";
import { valuesOf, type LoadedUnit } from "../../../parse/load.ts";
import { wordsOf } from "../../../parse/words.ts";
import type { FileEdit, Rule } from "../../findings/finding.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { compileCacheRule } from "./compile-cache.ts";
import { isApp, listeners } from "./settings.ts";
import { systemdVariables } from "../../../systemd/variables.ts";
import { replaceSetting } from "../../findings/edits.ts";

/** Edits that remove a variable. They keep an assignment that systemd can't read to its end. */
function withoutVariable(unit: LoadedUnit, name: string): FileEdit[] {
  return valuesOf(unit, "Service", "Environment").flatMap((setting) => {
    const { words, written, problem } = wordsOf(setting.value);
    const kept = written.filter((_, index) => !words[index]!.startsWith(`${name}=`));
    if (problem !== undefined || kept.length === words.length) return [];
    return kept.length === 0 ? replaceSetting(setting) : replaceSetting(setting, kept.join(" "));
  });
}

const duration = valueWhere(
  (text) => durationOf(text) !== undefined,
  "not a duration with its unit",
  "a number with its unit, such as 30s or 1min 30s",
);
const flag = valueWhere((text) => booleanOf(text) !== undefined, "neither yes nor no", "yes or no");
const signals: ReadValue = valueWhere(
  (text) =>
    text === "first" ||
    text.split(/\s+/).every((name) => /^SIG(?!KILL$|STOP$)/.test(name) && signalNames.has(name.slice(3))),
  "not a list of signals",
  "yes, no, first, or signals such as SIGTERM SIGINT",
);

/** The variables of sockact and how it reads them. */
const ownVariables: Readonly<Record<string, ReadValue>> = {
  SOCKACT_DRAIN_TIMEOUT: duration,
  SOCKACT_HANDOVER: flag,
  SOCKACT_HANDOVER_TIMEOUT: valueWhere(
    (text) => (durationOf(text) ?? 0) > 0,
    "not a duration with its unit",
    "a number above 0 with its unit, such as 60s",
  ),
  SOCKACT_HEALTH: valueWhere(
    (text) => booleanOf(text) === false || /^\/(?![^]*[?#])[!-~]*$/.test(text),
    "not a path without a query",
    "a path such as /healthz, or no",
  ),
  SOCKACT_IDLE_EXIT_STATUS: whole(0, 255),
  SOCKACT_IDLE_TIMEOUT: valueWhere(
    (text) => booleanOf(text) === false || (durationOf(text) ?? 0) > 0,
    "not a duration with its unit",
    "a number above 0 with its unit, such as 5min, or no for never",
  ),
  SOCKACT_MAP: valueWhere(
    (text) => mapEntries(text) !== undefined,
    "not a list of a port or path and the name of a socket",
    "as in 3000=http,3001=admin",
  ),
  SOCKACT_NOTIFY: flag,
  SOCKACT_PORT: whole(1, 65_535),
  SOCKACT_PROXY_PROTOCOL: valueWhere(
    (text) => proxyEntries(text) !== undefined,
    "not a list of the name of a socket and the addresses of load balancers",
    "as in web:10.0.0.1,10.1.0.0/16, with a space before the next name",
  ),
  SOCKACT_RELOAD_RESULT: valueWhere(
    (text) => text.startsWith("/"),
    "not an absolute path",
    "the path of a file",
  ),
  SOCKACT_SIGNALS: either(signals, flag),
  SOCKACT_IGNORE_LISTEN_PID: flag,
  SOCKACT_TRUST_PROXY: flag,
  SOCKACT_WATCHDOG: flag,
};

export type EnvironmentCode =
  | "variable-reserved"
  | "variable-unset"
  | "variable-invalid"
  | "variable-unknown"
  | "compile-cache-read-only";

/** The variables of a service. */
export const environmentRules: Readonly<Record<EnvironmentCode, Rule<ServiceSubject>>> = {
  "variable-reserved": {
    severity: "error",
    why: "systemd sets this variable itself. Your value overrides it, and the service loses systemd's value.",
    man: "systemd.exec(5)",
    find: ({ unit, environment, sockets }) =>
      [...environment]
        .filter(([name]) => systemdVariables.test(name))
        .map(([name, variable]) => ({
          at: variable.setting,
          message: `${name} is set by systemd`,
          fix: "remove it",
          // With other variables, a service may talk to its own manager.
          edits: sockets.length > 0 && name.startsWith("LISTEN_") ? withoutVariable(unit, name) : [],
        })),
  },
  "variable-unset": {
    severity: "error",
    why: "Your app finds its sockets by LISTEN_PID and LISTEN_FDS. Without them it gets no socket, and opens the port itself or fails.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      // Other programs may use descriptor 3 without reading the variables.
      if (!isApp(service) || listeners(service).length === 0) return [];
      const cleared = program?.cleared;
      return [
        ...valuesOf(unit, "Service", "UnsetEnvironment").flatMap((setting) =>
          wordsOf(setting.value)
            .words.filter((word) => /^LISTEN_(?:FDS|PID)$/.test(word))
            .map((name) => ({
              at: setting,
              message: `UnsetEnvironment= removes ${name}`,
              fix: `remove ${name} from it`,
            })),
        ),
        ...(cleared === undefined
          ? []
          : [
              {
                at: program!.setting,
                message: `env ${cleared} removes LISTEN_PID and LISTEN_FDS`,
                fix: [
                  "the program itself in ",
                  { ExecStart: "" },
                  "; UnsetEnvironment= removes single variables",
                ],
              },
            ]),
      ];
    },
  },
  "variable-invalid": {
    severity: "error",
    why: "sockact cannot read the value, and your app exits when it starts (SOCKACT_ERR_OPTION).",
    man: "@sockact/core",
    find: ({ environment }) =>
      [...environment].flatMap(([name, { value, setting }]) => {
        // An empty variable counts as unset.
        const refused =
          value === "" || !Object.hasOwn(ownVariables, name) ? undefined : ownVariables[name]!(value, "");
        return refused === undefined
          ? []
          : [{ at: setting, message: `${name}=${value}: ${refused.is}`, fix: `write ${refused.write}` }];
      }),
  },
  "variable-unknown": {
    severity: "warning",
    why: "sockact reads no variable with this name, so it has no effect.",
    man: "@sockact/core",
    find: ({ environment }) =>
      [...environment]
        .filter(([name]) => name.startsWith("SOCKACT_") && !Object.hasOwn(ownVariables, name))
        .map(([name, { setting }]) => {
          const meant = nearest(name, Object.keys(ownVariables));
          return {
            at: setting,
            message: `sockact has no variable ${name}`,
            fix: meant ?? `one of ${Object.keys(ownVariables).join(", ")}`,
          };
        }),
  },
  "compile-cache-read-only": compileCacheRule,
};

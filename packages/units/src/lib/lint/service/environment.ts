import { durationOf } from "../../read/duration.ts";
import { nearest } from "../../read/nearest.ts";
import { truthOf } from "../truth.ts";
import { signalNames } from "../value-names.ts";
import { either, that, whole, type ReadValue } from "../value-readers.ts";
import { ofSystemd } from "../../read/program.ts";
import type { Setting } from "../../parse/load.ts";
import { wordsOf } from "../../parse/words.ts";
import { replaced, type FileEdit, type Rule } from "../finding.ts";
import type { ServiceSubject } from "../subjects.ts";

/** An assignment without one of its words, of which the rest are written as they were read. */
function withoutVariable({ setting }: { setting: Setting }, name: string): FileEdit {
  const rest = setting.value.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+/g) ?? [];
  const kept = rest.filter((word) => !wordsOf(word).words[0]?.startsWith(`${name}=`));
  return kept.length === 0 ? replaced(setting) : replaced(setting, kept.join(" "));
}

const duration = that(
  (text) => durationOf(text) !== undefined,
  "not a duration with its unit",
  "a number with its unit, such as 30s or 1min 30s",
);
const flag = that((text) => truthOf(text) !== undefined, "neither yes nor no", "yes or no");
const signals: ReadValue = that(
  (text) =>
    text.split(/\s+/).every((name) => /^SIG(?!KILL$|STOP$)/.test(name) && signalNames.has(name.slice(3))),
  "not a list of signals",
  "yes, no, or signals such as SIGTERM SIGINT",
);

/** The variables of sockact, and how it reads them. */
const ownVariables: Readonly<Record<string, ReadValue>> = {
  SOCKACT_DRAIN_TIMEOUT: duration,
  SOCKACT_IDLE_EXIT_STATUS: whole(0, 255),
  SOCKACT_IDLE_TIMEOUT: that(
    (text) => truthOf(text) === false || (durationOf(text) ?? 0) > 0,
    "not a duration with its unit",
    "a number above 0 with its unit, such as 5min, or no for never",
  ),
  SOCKACT_NOTIFY: flag,
  SOCKACT_SIGNALS: either(signals, flag),
  SOCKACT_TRUST_PARENT: flag,
  SOCKACT_WATCHDOG: flag,
};

/** The codes of these rules. */
export type EnvironmentCode = "variable-reserved" | "variable-invalid" | "variable-unknown";

/** The variables that a service is given. */
export const environmentRules: Readonly<Record<EnvironmentCode, Rule<ServiceSubject>>> = {
  "variable-reserved": {
    severity: "error",
    why: "systemd sets this variable itself. Your value replaces it, and the service loses what systemd told it.",
    man: "systemd.exec(5)",
    find: ({ environment }) =>
      [...environment]
        .filter(([name]) => ofSystemd.test(name))
        .map(([name, variable]) => ({
          at: variable.setting,
          message: `${name} is set by systemd`,
          fix: "take it out",
          edits: [withoutVariable(variable, name)],
        })),
  },
  "variable-invalid": {
    severity: "error",
    why: "sockact cannot read the value, and your app exits when it starts (ERR_OPTION).",
    man: "@sockact/core",
    find: ({ environment }) =>
      [...environment].flatMap(([name, { value, setting }]) => {
        // An empty variable is one that is not set.
        const refused = value === "" ? undefined : ownVariables[name]?.(value, "");
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
};

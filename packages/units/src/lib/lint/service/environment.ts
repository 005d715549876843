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

/** The codes of these rules. */
export type EnvironmentCode = "variable-reserved";

/** The variables that a service is given. */
export const environmentRules: Readonly<Record<EnvironmentCode, Rule<ServiceSubject>>> = {
  "variable-reserved": {
    severity: "error",
    why: "What systemd tells the service in this variable is lost.",
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
};

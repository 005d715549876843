import { nodeOption, preloadsOfOptions } from "../../node/command-line.ts";
import { conflictsIn, type UnitProblem } from "../../problems.ts";
import { listItem, unquotedValue } from "../../systemd/escaping.ts";
import { isSpecifier, sampleText, type Text } from "../../systemd/specifiers.ts";
import type { Line } from "../../write/lines.ts";
import { isObject } from "./fields.ts";

/** An option that a field adds to NODE_OPTIONS. */
export interface AddedOption {
  field: string;
  option: Text;
  reason: string;
}

/** NODE_OPTIONS in `environment` of the description. */
function askedOptions({ environment }: Record<string, unknown>): Text | undefined {
  const asked = isObject(environment) ? environment["NODE_OPTIONS"] : undefined;
  return typeof asked === "string" || isSpecifier(asked) ? asked : undefined;
}

/** NODE_OPTIONS in `environment` of the description, as systemd expands it. */
function askedNodeOptions(description: Record<string, unknown>): string {
  return sampleText(askedOptions(description) ?? "");
}

/** The modules that the description's NODE_OPTIONS loads before the app. */
export function askedPreloads(description: Record<string, unknown>): readonly string[] {
  return preloadsOfOptions(askedNodeOptions(description));
}

/** NODE_OPTIONS with the options of the description and of fields. */
export function nodeOptionLines(
  description: Record<string, unknown>,
  added: readonly AddedOption[],
  problems: UnitProblem[],
): Line[] {
  const [first] = added;
  if (first === undefined) return [];
  const { passEnvironment } = description;
  if (Array.isArray(passEnvironment) && passEnvironment.includes("NODE_OPTIONS")) {
    conflictsIn(problems)(
      first.field,
      "NODE_OPTIONS is written into the unit, and the NODE_OPTIONS of passEnvironment would have no effect",
      "remove NODE_OPTIONS from passEnvironment, and write the options in environment: { NODE_OPTIONS: '…' }",
    );
  }
  const asked = askedOptions(description);
  const options = [
    ...(asked === undefined ? [] : [unquotedValue(asked)]),
    ...added.map(({ option }) => nodeOption(unquotedValue(option))),
  ];
  return [
    {
      key: "Environment",
      value: listItem({ specifier: `NODE_OPTIONS=${options.join(" ")}` }),
      reason: added.map(({ reason }) => reason).join(" "),
    },
  ];
}

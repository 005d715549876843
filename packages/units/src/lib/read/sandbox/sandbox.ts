import { isObject, readFields } from "../fields/fields.ts";
import { type UnitProblem } from "../../problems.ts";
import { oneOf } from "../values/readers.ts";
import type { Line } from "../../write/lines.ts";
import { neverWritten, sandboxDirectives, type ServiceFacts, type ValueOf } from "./directives.ts";
import type { HardeningProfile, SandboxField } from "../../description/hardening.ts";
import { reportSandboxConflicts } from "./conflicts.ts";
import { reportNewerFields } from "../fields/versions.ts";

/** A sandbox directive that is left out. */
interface LeftOut {
  key: string;
  /** The one value that is left out, if others may be written. */
  value?: string;
  reason: string;
}

export interface Sandbox {
  profile: HardeningProfile;
  lines: Line[];
  leftOut: LeftOut[];
}

const sandboxFields = Object.keys(sandboxDirectives) as SandboxField[];

const readProfile = oneOf(["none", "outbound", "inbound"]);

/**
 * Reads the sandbox of a description: a profile and individual directives.
 *
 * @param elsewhere hints for fields that are not in the sandbox.
 */
export function readSandbox(
  hardening: unknown,
  facts: ServiceFacts,
  problems: UnitProblem[],
  elsewhere: Readonly<Record<string, string>> = {},
): Sandbox {
  const options = isObject(hardening) ? hardening : {};
  const { profile = "outbound" } = isObject(hardening) ? options : { profile: hardening };
  const at = isObject(hardening) ? "hardening.profile" : "hardening";
  const before = problems.length;
  const [level = "none"] = readProfile(profile, at, problems) as [HardeningProfile?];
  const asked = readFields(sandboxDirectives, ["profile"], options, "hardening", problems, () => elsewhere);
  reportNewerFields(facts.systemd, sandboxDirectives, asked, (field) => `hardening.${field}`, problems);
  const isAsked = (field: SandboxField) => options[field] !== undefined;

  const valueOf: ValueOf = (field) => {
    const { [level]: value = [], adds, ofSystemAlone } = sandboxDirectives[field];
    if (isAsked(field) && (!adds || asked[field].length === 0)) return asked[field];
    if (facts.manager === "user" && ofSystemAlone !== undefined) return asked[field];
    const ofProfile =
      typeof value === "string" ? [value] : typeof value === "function" ? value(facts, valueOf) : value;
    return [...ofProfile, ...asked[field]];
  };
  if (problems.length === before) reportSandboxConflicts({ isAsked, valueOf }, facts, problems);

  const whyNot = (field: SandboxField): string => {
    if (isAsked(field)) return "The description disables it.";
    const { leftOut = "", dynamicUser, ofSystemAlone } = sandboxDirectives[field];
    if (facts.manager === "user" && ofSystemAlone !== undefined) return ofSystemAlone;
    if (level !== "none") return leftOut;
    return facts.dynamicUser && dynamicUser !== undefined
      ? "DynamicUser= implies it."
      : "The description has no sandbox.";
  };
  return {
    profile: level,
    lines: sandboxFields.flatMap((field) => {
      const { key, reason } = sandboxDirectives[field];
      const origin = isAsked(field) ? { field: `hardening.${field}` } : { reason };
      return valueOf(field).map((value) => ({ key, value, ...origin }));
    }),
    leftOut: [
      ...sandboxFields
        .filter((field) => valueOf(field).length === 0)
        .map((field) => ({ key: sandboxDirectives[field].key, reason: whyNot(field) })),
      ...(level === "none" ? [] : neverWritten),
    ],
  };
}

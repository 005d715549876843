import { conflictsIn, type UnitProblem } from "../../problems.ts";
import { sandboxDirectives, type ServiceFacts, type ValueOf } from "./directives.ts";
import type { SandboxField } from "../../description/hardening.ts";

/** The directives of the description, and the resulting values. */
interface Chosen {
  isAsked(field: SandboxField): boolean;
  valueOf: ValueOf;
}

/** Reports sandbox directives that contradict each other or the service. */
export function reportSandboxConflicts(
  { isAsked, valueOf }: Chosen,
  facts: ServiceFacts,
  problems: UnitProblem[],
): void {
  const conflict = conflictsIn(problems);
  const report = (field: SandboxField, message: string, hint: string) =>
    conflict(`hardening.${field}`, message, hint);
  const wordsOf = (field: SandboxField) =>
    valueOf(field)
      .join(" ")
      .split(" ")
      .filter((word) => word !== "");

  for (const field of Object.keys(sandboxDirectives) as SandboxField[]) {
    const { key, dynamicUser } = sandboxDirectives[field];
    if (!facts.dynamicUser || dynamicUser === undefined || !isAsked(field)) continue;
    const [value = "no"] = valueOf(field);
    if (dynamicUser.includes(value)) continue;
    report(
      field,
      `${key}=${value}: with DynamicUser=, it is always ${dynamicUser.join(" or ")}`,
      "leave it out, or set user",
    );
  }

  const ambient = wordsOf("ambientCapabilities");
  const bounding = wordsOf("capabilityBoundingSet");
  const outside = ambient.filter(
    (name) => valueOf("capabilityBoundingSet").length > 0 && !bounding.includes(name),
  );
  if (outside.length > 0) {
    report(
      "capabilityBoundingSet",
      `it does not contain ${outside.join(" and ")}, which ambientCapabilities gives`,
      "add it, or leave out capabilityBoundingSet, which is then the same",
    );
  }
  if (ambient.length > 0 && valueOf("privateUsers").length > 0) {
    report(
      "privateUsers",
      `in a user namespace, ${ambient.join(" ")} has no effect on the rest of the machine`,
      "leave it out, or ambientCapabilities",
    );
  }

  if (isAsked("ipAddressAllow") && valueOf("ipAddressDeny").length === 0) {
    report("ipAddressAllow", "it has no effect, because no address is denied", "add ipAddressDeny: true");
  }
}

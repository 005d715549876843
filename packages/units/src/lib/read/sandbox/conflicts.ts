import { conflictsIn, type UnitProblem } from "../../problems.ts";
import { sandboxDirectives, type ServiceFacts, type ValueOf } from "./directives.ts";
import type { SandboxField } from "../../description/hardening.ts";

/** A sandbox that was read: which directives the description names, and what each comes to. */
interface Chosen {
  isAsked(field: SandboxField): boolean;
  valueOf: ValueOf;
}

/** Reports directives of the sandbox that are right by themselves, and contradict another or the service. */
export function refuseSandboxConflicts(
  { isAsked, valueOf }: Chosen,
  facts: ServiceFacts,
  problems: UnitProblem[],
): void {
  const conflict = conflictsIn(problems);
  const refuse = (field: SandboxField, message: string, hint: string) =>
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
    refuse(
      field,
      `${key}=${value}: a user that exists only while the service runs has it ${dynamicUser.join(" or ")}`,
      "leave it out, or name a user",
    );
  }

  if (facts.inHome && isAsked("protectHome") && ["yes", "tmpfs"].includes(valueOf("protectHome")[0]!)) {
    refuse(
      "protectHome",
      "the program is in a home, and would not be found",
      "write 'read-only', or leave it out; or write 'tmpfs', and raw.Service.BindReadOnlyPaths with the folders of the program and of Node",
    );
  }
  if (facts.justInTime && !facts.jitless && valueOf("memoryDenyWriteExecute").length > 0) {
    refuse(
      "memoryDenyWriteExecute",
      "it kills a program that compiles while it runs, as Node does",
      "for Node, write jitless: true in the description, which writes it too; or leave it out",
    );
  }

  const ambient = wordsOf("ambientCapabilities");
  const bounding = wordsOf("capabilityBoundingSet");
  const outside = ambient.filter(
    (name) => valueOf("capabilityBoundingSet").length > 0 && !bounding.includes(name),
  );
  if (outside.length > 0) {
    refuse(
      "capabilityBoundingSet",
      `it has not ${outside.join(" and ")}, which ambientCapabilities gives`,
      "add it, or leave capabilityBoundingSet out: it is then the same",
    );
  }
  if (ambient.length > 0 && valueOf("privateUsers").length > 0) {
    refuse(
      "privateUsers",
      `in a user namespace of its own ${ambient.join(" ")} has no effect on the rest of the machine`,
      "leave it out, or ambientCapabilities",
    );
  }

  if (isAsked("ipAddressAllow") && valueOf("ipAddressDeny").length === 0) {
    refuse("ipAddressAllow", "nothing is denied, so all is allowed", "add ipAddressDeny: true");
  }
  const families = wordsOf("restrictAddressFamilies");
  if (facts.sendsBySocket && families.length > 0 && !families.includes("AF_UNIX")) {
    refuse(
      "restrictAddressFamilies",
      "the program tells the service manager things through a unix socket",
      "add 'AF_UNIX'",
    );
  }
}

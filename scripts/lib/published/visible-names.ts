import { readFileSync } from "node:fs";
import { parseSync, Visitor } from "oxc-parser";

/** What names of ours, and of systemd's protocol, begin with. */
const PREFIX = /^(?:LISTEN|NOTIFY|SOCKACT|WATCHDOG)_[A-Z_]+$/;

/**
 * The names in a published file that users meet though no type has them: the environment variables that it reads or names, and the codes of its warnings.
 * A name counts when it is a member of `process.env`, or of a variable called `env`, and when it is a string that begins as one of ours.
 */
export function visibleNames(file: string): string[] {
  const { program, errors } = parseSync(file, readFileSync(file, "utf8"));
  if (errors.length > 0) throw new Error(`${file} can't be parsed: ${errors[0]?.message}`);
  const names = new Set<string>();
  new Visitor({
    MemberExpression({ object, property, computed }) {
      if (!isEnvironment(object)) return;
      if (!computed && property.type === "Identifier") names.add(property.name);
      if (property.type === "Literal" && typeof property.value === "string") names.add(property.value);
    },
    VariableDeclarator({ id, init }) {
      if (id.type !== "ObjectPattern" || init === null || !isEnvironment(init)) return;
      for (const property of id.properties)
        if (property.type === "Property" && property.key.type === "Identifier") names.add(property.key.name);
    },
    Literal({ value }) {
      if (typeof value === "string" && PREFIX.test(value)) names.add(value);
    },
  }).visit(program);
  return [...names].toSorted();
}

function isEnvironment(node: { type: string; name?: unknown; property?: unknown }): boolean {
  if (node.type === "Identifier") return node.name === "env";
  return node.type === "MemberExpression" && (node.property as { name?: string }).name === "env";
}

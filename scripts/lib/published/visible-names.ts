import { parseSync, Visitor, type Node } from "oxc-parser";

/** Environment variables of ours and of systemd's protocol, and codes of errors and warnings. */
const NAME = /^(?:ERR|LISTEN|NOTIFY|SOCKACT|WATCHDOG)_[A-Z0-9_]+$/;

/**
 * The names in a published file that users meet, whether or not a type has them: the environment variables that it reads or names, and the codes of its errors
 * and warnings. A name counts when it is a member of `process.env`, or of a variable that has `process.env`, and when it is a string or a key that begins as
 * one of ours. `event NAME` is an event that the file emits.
 */
export function visibleNames(file: string, code: string): string[] {
  const { program, errors } = parseSync(file, code);
  if (errors.length > 0) throw new Error(`${file} can't be parsed: ${errors[0]?.message}`);
  const variables = environmentVariables(program);
  const isEnvironment = (node: Node | null): boolean => hasEnvironment(node, variables);
  const names = new Set<string>();
  const addMember = (object: Node | null, name: string | undefined): void => {
    // Another variable of the same name may have another value. So a name that is not in capitals does not count.
    const isSure = object?.type !== "Identifier" || name === name?.toUpperCase();
    if (name !== undefined && isSure) names.add(name);
  };
  const addIfOurs = (name: string | undefined): void => {
    if (name !== undefined && NAME.test(name)) names.add(name);
  };
  const addTaken = (target: Node, source: Node | null): void => {
    for (const pattern of environmentPatterns(target, source, isEnvironment))
      for (const property of pattern.properties)
        if (property.type === "Property") addMember(source, keyOf(property.key, property.computed));
  };
  new Visitor({
    MemberExpression(member) {
      const name = keyOf(member.property, member.computed);
      if (isEnvironment(member.object)) addMember(member.object, name);
      addIfOurs(name);
    },
    Property({ key, computed }) {
      addIfOurs(keyOf(key, computed));
    },
    VariableDeclarator({ id, init }) {
      addTaken(id, init);
    },
    AssignmentExpression({ left, right }) {
      addTaken(left, right);
    },
    AssignmentPattern({ left, right }) {
      addTaken(left, right);
    },
    BinaryExpression({ operator, left, right }) {
      if (operator === "in" && isEnvironment(right)) addMember(right, textOf(left));
    },
    CallExpression({ callee, arguments: [first] }) {
      if (callee.type !== "MemberExpression" || first === undefined) return;
      const method = keyOf(callee.property, callee.computed);
      const name = textOf(first);
      if ((method === "emit" || method === "channel") && name !== undefined) names.add(`event ${name}`);
    },
    Literal(literal) {
      addIfOurs(textOf(literal));
    },
    TemplateLiteral(template) {
      addIfOurs(textOf(template));
    },
  }).visit(program);
  return [...names].toSorted();
}

/** The names of the variables that have `process.env`. One that is called `env` has it by our convention. */
function environmentVariables(program: Node & { type: "Program" }): ReadonlySet<string> {
  const variables = new Set(["env"]);
  const follow = (target: Node, source: Node | null): void => {
    if (target.type === "Identifier" && hasEnvironment(source, variables)) variables.add(target.name);
    if (target.type !== "ObjectPattern") return;
    for (const property of target.properties) {
      if (property.type === "RestElement") follow(property.argument, source);
      else if (keyOf(property.key, property.computed) === "env" && property.value.type === "Identifier")
        variables.add(property.value.name);
    }
  };
  // A variable may be assigned to another one that is declared above it.
  for (let size = 0; size !== variables.size;) {
    size = variables.size;
    new Visitor({
      VariableDeclarator: ({ id, init }) => follow(id, init),
      AssignmentExpression: ({ left, right }) => follow(left, right),
      AssignmentPattern: ({ left, right }) => follow(left, right),
    }).visit(program);
  }
  return variables;
}

/** The patterns that take variables out of the environment: `{ A } = process.env`, and `{ env: { A } } = process`. */
function environmentPatterns(
  target: Node,
  source: Node | null,
  isEnvironment: (node: Node | null) => boolean,
): (Node & { type: "ObjectPattern" })[] {
  if (target.type !== "ObjectPattern") return [];
  if (isEnvironment(source)) return [target];
  return target.properties.flatMap((property) =>
    property.type === "Property" &&
    property.value.type === "ObjectPattern" &&
    keyOf(property.key, property.computed) === "env"
      ? [property.value]
      : [],
  );
}

/** Whether an expression is the environment, or a copy of it. */
function hasEnvironment(node: Node | null, variables: ReadonlySet<string>): boolean {
  switch (node?.type) {
    case "Identifier":
      return variables.has(node.name);
    case "MemberExpression":
      return keyOf(node.property, node.computed) === "env";
    case "ParenthesizedExpression":
    case "ChainExpression":
      return hasEnvironment(node.expression, variables);
    case "LogicalExpression":
      return hasEnvironment(node.left, variables) || hasEnvironment(node.right, variables);
    case "ObjectExpression":
      return node.properties.some(
        (property) => property.type === "SpreadElement" && hasEnvironment(property.argument, variables),
      );
    default:
      return false;
  }
}

/** The name of a member or of a key, if the code has it. */
function keyOf(node: Node, computed: boolean): string | undefined {
  return !computed && node.type === "Identifier" ? node.name : textOf(node);
}

/** The value of a string literal, with quotes or backquotes. */
function textOf(node: Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type !== "TemplateLiteral" || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}

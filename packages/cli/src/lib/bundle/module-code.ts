import { isBuiltin } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

/** A node of an ESTree syntax tree. */
export interface SyntaxNode {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** Why a module can't be bundled. */
export type Obstacle =
  /** It loads a module by a computed name. */
  | "dynamic"
  /** `eval()` can access the scope of the module and Node's `require`. */
  | "eval"
  /** It uses Node's module cache. */
  | "cache"
  /** Express loads it by name, in addition to the copy in the bundle. */
  | "view-engine";

/** The code of a module in the bundle, or why it can't be bundled. */
export interface ModuleCode {
  code: string;
  obstacle?: { kind: Obstacle; line: number } | undefined;
}

export interface ModulePlace {
  /** The path of the file. */
  path: string;
  /** Whether it is the entry: `require.main === module`. */
  isEntry: boolean;
  /** Whether it may use its own `require` for computed names. */
  mayRequire: boolean;
}

/** Only modules with one of these words are parsed. */
const words =
  /__dirname|__filename|import\.meta|\bmodule\.(?:parent|require)|\beval\s*\(|__express|createRequire|\brequire\b(?!\s*\(\s*(?:"[^"\n]*"|'[^'\n]*'|`[^`$\n]*`)\s*\))|\bimport\s*\(\s*(?!["'])/;

/**
 * Adapts a module so that `__dirname`, `import.meta` and `require.resolve()` have the same values in the
 * bundle as in its own file, which stays in place.
 */
export function moduleCode(
  code: string,
  place: ModulePlace,
  parse: (code: string) => SyntaxNode,
): ModuleCode {
  if (!words.test(code)) return { code };
  const { path, isEntry, mayRequire } = place;
  const tree = parse(code);
  const isModule = /\.m[jt]s$/.test(path) || hasModuleSyntax(tree);
  const edits: { start: number; end: number; text: string }[] = [];
  let obstacle: ModuleCode["obstacle"];
  const stop = (kind: Obstacle, { start }: SyntaxNode) => {
    obstacle ??= { kind, line: code.slice(0, start).split("\n").length };
  };
  const replace = ({ start, end }: SyntaxNode, text: string) => edits.push({ start, end, text });
  const file = JSON.stringify(path);
  const folder = JSON.stringify(dirname(path));
  const url = JSON.stringify(pathToFileURL(path).href);
  const paths = new Map([
    ["__filename", file],
    ["__dirname", folder],
  ]);
  const meta = new Map([
    ["url", url],
    ["filename", file],
    ["dirname", folder],
    ["main", String(isEntry)],
  ]);
  // A `createRequire()` function finds modules outside the bundle, even bundled ones.
  const made = new Set(
    [...code.matchAll(/(\w+)\s*=\s*(?:\w+\.)?createRequire\([^()]*\)(?!\s*[.(])/g)].map(([, name]) => name!),
  );
  // The file's own require, for modules outside the bundle.
  const ownRequire = `require("node:module").createRequire(${file})`;
  const visit = (node: SyntaxNode, parent: SyntaxNode, key: string): void => {
    switch (node.type) {
      case "ImportExpression":
        if (!isText(node["source"] as SyntaxNode)) stop("dynamic", node);
        break;
      case "CallExpression": {
        const callee = node["callee"] as SyntaxNode;
        if (isName(callee, "eval")) stop("eval", node);
        if (isName(callee, "createRequire") || isName(callee["property"] as SyntaxNode, "createRequire")) {
          const isNamed =
            parent.type === "VariableDeclarator" && made.has(nameOf(parent["id"] as SyntaxNode) ?? "");
          const isAsked =
            parent.type === "MemberExpression" && isName(parent["property"] as SyntaxNode, "resolve");
          if (!isNamed && !isAsked) stop("dynamic", node);
        }
        if (made.has(nameOf(callee) ?? "")) {
          const [name] = node["arguments"] as SyntaxNode[];
          if (isText(name) && isHarmless(String(name!["value"]))) return;
          stop("dynamic", node);
        }
        if (isModule || !isName(callee, "require")) break;
        const [first] = node["arguments"] as SyntaxNode[];
        if (isText(first)) return;
        if (mayRequire) replace(callee, `(${ownRequire})`);
        else stop("dynamic", node);
        for (const argument of node["arguments"] as SyntaxNode[]) visit(argument, node, "arguments");
        return;
      }
      case "BinaryExpression": {
        const sides = [node["left"], node["right"]] as SyntaxNode[];
        const isMain = sides.some((side) => isMember(side, "require", "main"));
        if (isModule || !isMain || !sides.some((side) => isName(side, "module"))) break;
        replace(node, String(isEntry === /^===?$/.test(String(node["operator"]))));
        return;
      }
      case "MetaProperty":
        if (parent.type === "MemberExpression" && key === "object") {
          const name = parent["computed"] === true ? undefined : nameOf(parent["property"] as SyntaxNode);
          if (name !== undefined && meta.has(name)) {
            replace(parent, meta.get(name)!);
            return;
          }
          if (name === "resolve") stop("dynamic", node);
        }
        if (nameOf(node["meta"] as SyntaxNode) === "import")
          replace(node, `({ url: ${url}, filename: ${file}, dirname: ${folder} })`);
        return;
      case "MemberExpression": {
        if (isModule) break;
        if (isMember(node, "module", "parent")) {
          replace(node, isEntry ? "null" : "({})");
          return;
        }
        if (isMember(node, "module", "require")) stop("dynamic", node);
        if (!isName(node["object"] as SyntaxNode, "require")) break;
        const name = node["computed"] === true ? undefined : nameOf(node["property"] as SyntaxNode);
        if (name === "resolve" || name === "main" || mayRequire)
          replace(node["object"] as SyntaxNode, `(${ownRequire})`);
        else stop("cache", node);
        return;
      }
      case "UnaryExpression":
        // `typeof require` has the same value in a bundle.
        if (node["operator"] === "typeof" && isName(node["argument"] as SyntaxNode, "require")) return;
        break;
      case "Identifier": {
        const name = nameOf(node)!;
        if (isModule || !isReference(node, parent, key)) return;
        if (paths.has(name))
          replace(node, isShorthand(parent) ? `${name}: ${paths.get(name)}` : paths.get(name)!);
        else if (name === "require") {
          if (mayRequire) replace(node, isShorthand(parent) ? `require: (${ownRequire})` : `(${ownRequire})`);
          else stop("dynamic", node);
        }
        return;
      }
      case "Literal":
        return;
      default:
    }
    if (isNamed(node, "__express")) stop("view-engine", node);
    for (const [name, value] of Object.entries(node)) {
      for (const child of [value].flat())
        if (child !== null && typeof child === "object" && typeof (child as SyntaxNode).type === "string")
          visit(child as SyntaxNode, node, name);
    }
  };
  visit(tree, tree, "");
  if (obstacle !== undefined) return { code, obstacle };
  let text = code;
  for (const { start, end, text: by } of edits.sort((one, other) => other.start - one.start))
    text = text.slice(0, start) + by + text.slice(end);
  return { code: text };
}

function hasModuleSyntax(tree: SyntaxNode): boolean {
  const isModuleSyntax = ({ type }: SyntaxNode) => /^(?:Import|Export)/.test(type);
  return (tree["body"] as SyntaxNode[]).some(isModuleSyntax);
}

/** Whether a module can be loaded in addition to the bundle, because none of its code is in the bundle. */
const isHarmless = (name: string): boolean => isBuiltin(name) || /\.(?:json|node)$/.test(name);

const nameOf = (node: SyntaxNode | undefined): string | undefined =>
  node?.type === "Identifier" ? (node["name"] as string) : undefined;
const isName = (node: SyntaxNode | undefined, name: string): boolean => nameOf(node) === name;
const isMember = (node: SyntaxNode, object: string, property: string): boolean =>
  node.type === "MemberExpression" &&
  node["computed"] !== true &&
  isName(node["object"] as SyntaxNode, object) &&
  isName(node["property"] as SyntaxNode, property);
/** Whether code sets a property of this name, as in `exports.__express = …`. */
const isNamed = (node: SyntaxNode, name: string): boolean =>
  node.type === "AssignmentExpression" &&
  (node["left"] as SyntaxNode).type === "MemberExpression" &&
  isName((node["left"] as SyntaxNode)["property"] as SyntaxNode, name);

function isText(node: SyntaxNode | undefined): boolean {
  if (node?.type === "Literal") return typeof node["value"] === "string";
  return node?.type === "TemplateLiteral" && (node["expressions"] as unknown[]).length === 0;
}

const isShorthand = (parent: SyntaxNode): boolean =>
  parent.type === "Property" && parent["shorthand"] === true;

/** Whether this is a use of an identifier, and not the name of a property, parameter or variable. */
function isReference(node: SyntaxNode, parent: SyntaxNode, key: string): boolean {
  switch (parent.type) {
    case "MemberExpression":
      return key === "object" || parent["computed"] === true;
    case "Property":
      return isShorthand(parent) ? key === "value" : key === "value" || parent["computed"] === true;
    case "MethodDefinition":
    case "PropertyDefinition":
      return key === "value" || parent["computed"] === true;
    case "VariableDeclarator":
      return key === "init";
    case "AssignmentExpression":
      return key === "right";
    case "AssignmentPattern":
      return key === "right";
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return key === "body";
    case "ClassDeclaration":
    case "ClassExpression":
      return key === "superClass";
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "ObjectPattern":
    case "ArrayPattern":
    case "RestElement":
    case "CatchClause":
      return false;
    default:
      return node.type === "Identifier";
  }
}

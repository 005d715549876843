import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { publicPackages, root } from "./lib/packages.ts";

const api = join(root, "api");
const reports = readdirSync(api).filter((file) => file.endsWith(".api.md"));

describe("the published types", () => {
  it.each(publicPackages())(
    "of $folder import only Node's types, and those that an install brings",
    ({ folder, manifest }) => {
      const { dependencies = {}, peerDependencies = {} } = manifest;
      const brought = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
      const foreign = importsOf(basename(folder)).filter(
        (id) => !id.startsWith("node:") && !brought.some((name) => id === name || id.startsWith(`${name}/`)),
      );
      expect(foreign).toEqual([]);
    },
  );

  it.each(["units", "notify", "cli"])("of packages/%s need no @types/node", (folder) => {
    expect(importsOf(folder)).toEqual([]);
    expect(reportsOf(folder)).not.toMatch(/\bNodeJS\.|\bBuffer\b/);
  });

  it("of the adapters are the same ones", () => {
    const [express, koa, fastify] = ["express", "koa", "fastify"].map(
      (adapter) => typesIn(`${adapter}.api.md`).exported,
    );
    expect(koa).toEqual(express);
    expect(fastify).toEqual(express);
  });

  it.each(reports)("in %s have an export", (report) => {
    const { declared, exported } = typesIn(report);
    // FindingCode names the codes of each group of lint rules. You never need one group, and a rule may move
    // to another.
    // The types of options and events are exported by the main entry point.
    const main = typesIn(report.replace(/\..*(?=\.api\.md$)/, "")).exported;
    const isGroupOfRules = (name: string): boolean =>
      report === "units.api.md" && /^[A-Z]\w+Code$/.test(name);
    const known = [...exported, ...main];
    expect(declared.filter((name) => !known.includes(name) && !isGroupOfRules(name))).toEqual([]);
  });

  it.each(reports)("in %s that you pass take undefined for whatever you may leave out", (report) => {
    const members = typesIn(report).members.filter(({ type }) => isInput(type));
    expect(members.filter(({ isOptional, canBeUndefined }) => isOptional && !canBeUndefined)).toEqual([]);
  });

  it.each(reports)("in %s that you get are readonly", (report) => {
    const members = typesIn(report).members.filter(({ type }) => !isInput(type));
    expect(members.filter(({ isReadonly }) => !isReadonly)).toEqual([]);
  });

  it.each(reports)("in %s have readonly arrays alone", (report) => {
    expect(typesIn(report).mutableArrays).toEqual([]);
  });
});

/** Whether an app passes values of this type: options, descriptions, and arguments of a constructor. */
function isInput(type: string): boolean {
  return /(?:Options|Description|Credential|Command|Hooks|Error)$/.test(type);
}

interface Member {
  readonly type: string;
  readonly name: string;
  readonly isOptional: boolean;
  readonly canBeUndefined: boolean;
  readonly isReadonly: boolean;
}

/** The types that a report has of its entry point. */
function typesIn(report: string) {
  const code = /^```ts\n([^]*)^```$/m.exec(readFileSync(join(api, report), "utf8"))?.[1] ?? "";
  const { program, errors } = parseSync("report.d.ts", code);
  expect(errors).toEqual([]);
  const declared: string[] = [];
  const exported: string[] = [];
  const members: Member[] = [];
  const readonlyArrays = new Set<number>();
  const arrays: { start: number; end: number }[] = [];
  let type = "";
  const declare = ({ id }: { id: { name: string } | null }): void => {
    type = id?.name ?? "";
    declared.push(type);
  };
  new Visitor({
    TSInterfaceDeclaration: declare,
    TSTypeAliasDeclaration: declare,
    ClassDeclaration: declare,
    TSPropertySignature({ key, optional, readonly, typeAnnotation }) {
      const annotation = code.slice(typeAnnotation?.start, typeAnnotation?.end);
      members.push({
        type,
        name: code.slice(key.start, key.end),
        isOptional: optional,
        canBeUndefined: /\| undefined$|^: unknown$/.test(annotation),
        isReadonly: readonly,
      });
    },
    TSMethodSignature({ key, optional }) {
      const name = code.slice(key.start, key.end);
      members.push({ type, name, isOptional: optional, canBeUndefined: false, isReadonly: true });
    },
    TSTypeOperator({ operator, typeAnnotation }) {
      if (operator === "readonly") readonlyArrays.add(typeAnnotation.start);
    },
    TSArrayType({ start, end }) {
      arrays.push({ start, end });
    },
    ExportNamedDeclaration({ declaration, specifiers }) {
      if (declaration && "id" in declaration) exported.push((declaration.id as { name: string }).name);
      for (const { exported: name } of specifiers) exported.push(code.slice(name.start, name.end));
    },
  }).visit(program);
  const mutableArrays = arrays
    .filter(({ start }) => !readonlyArrays.has(start))
    .map(({ start, end }) => code.slice(start, end));
  return { declared, exported: exported.toSorted(), members, mutableArrays };
}

/** The reports of the package. */
function reportsOf(folder: string): string {
  const files = readdirSync(api).filter((file) => file.startsWith(`${folder}.`));
  expect(files).not.toEqual([]);
  return files.map((file) => readFileSync(join(api, file), "utf8")).join("");
}

/** The imports in the types of the package. */
function importsOf(folder: string): string[] {
  return Array.from(reportsOf(folder).matchAll(/^import .* from '(.*)';$/gm), ([, id]) => String(id));
}

import { readFileSync } from "node:fs";
import { namesToInstall } from "../blocks/snippets.ts";
import { MANAGERS, type PackageManager } from "./package-managers.ts";
import {
  type ModuleSystem,
  runTests,
  serveReadme,
  serveTypeScript,
  type Trial,
  useAllTypes,
  useNotify,
  usePreload,
  useSockact,
  useUnits,
} from "./trials.ts";

/** A user of the packages: what to install, with which package manager, and what to test then. */
export interface Consumer {
  title: string;
  manager: PackageManager;
  /** The major version of Node. */
  node: string;
  /** As the command of a package manager names them. */
  packages: string[];
  trial: Trial;
}

export const FRAMEWORKS = ["express", "koa", "fastify"] as const;
type Framework = (typeof FRAMEWORKS)[number];

/**
 * Versions of a framework, in order: the first and the last one of each major version that the adapter
 * supports.
 */
export type FrameworkVersions = Record<Framework, string[]>;

const NODES = ["20", "22", "24", "26"];
const MODULES: readonly ModuleSystem[] = ["ES module", "CommonJS"];
const ALL = ["core", "express", "koa", "fastify", "notify", "register", "units"]
  .map((name) => `@sockact/${name}`)
  .concat("sockact");

/** The tools that build the consumers of consumers.test.ts, in the tested versions. */
const { dependencies: tools } = JSON.parse(
  readFileSync(new URL("../../../packages/testkit/consumers/package.json", import.meta.url), "utf8"),
) as { dependencies: Record<string, string> };
const tool = (name: string): string => `${name}@${tools[name]}`;

/**
 * Every package manager, Node, module system and version appears with every framework, but not in every
 * combination.
 */
export function consumersOf(versions: FrameworkVersions): Consumer[] {
  return [
    ...FRAMEWORKS.flatMap((framework, at) => withFramework(framework, versions[framework], at)),
    ...["5.4", "5.9", "6.0", "7.0"].flatMap(withTypeScript),
    ...withTestRunners(),
    ...alone(),
  ];
}

const take = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

/** @param at the index of the framework, which selects its Node and module system */
function withFramework(framework: Framework, versions: string[], at: number): Consumer[] {
  const row = (manager: PackageManager, node: string, modules: ModuleSystem, version?: string): Consumer => ({
    title: `${framework} ${version ?? versions.at(-1)}, ${manager}, Node ${node}, ${modules}`,
    manager,
    node,
    packages:
      version === undefined
        ? namesToInstall(`packages/${framework}/README.md`)
        : [`@sockact/${framework}`, `${framework}@${version}`],
    trial: serveReadme(framework, modules),
  });
  return [
    // A newcomer names no version.
    row("npm", "20", "ES module"),
    row("npm", "26", "CommonJS"),
    // The oldest version is the most likely to fail on the newest Node.
    ...versions
      .slice(0, -1)
      .map((version, index) =>
        row("npm", take(NODES.toReversed(), index), take(MODULES, at + index), version),
      ),
    ...MANAGERS.slice(1).map((manager, index) =>
      row(manager, take(NODES, at + index), take(MODULES, at + index)),
    ),
  ];
}

/**
 * Each framework has its own project: Express 5.3 installs a content-disposition with types, and the types of
 * Koa do not compile with those.
 *
 * @param at the index of the compiler
 */
function withTypeScript(version: string, at: number): Consumer[] {
  const row = (
    framework: Framework,
    index: number,
    what: string,
    packages: string[],
    trial: Trial,
  ): Consumer => {
    const node = take(NODES, at + index);
    return {
      title: `TypeScript ${version}, ${what}, npm, Node ${node}, ES module and CommonJS`,
      manager: "npm",
      node,
      packages: [...packages, framework, tool("@types/node"), `typescript@~${version}`],
      trial,
    };
  };
  return [
    ...(["express", "koa"] as const).map((framework, index) => {
      const packages = [`@sockact/${framework}`, tool(`@types/${framework}`)];
      return row(framework, index, framework, packages, serveTypeScript(framework));
    }),
    row("fastify", 2, "fastify and all packages", ALL, useAllTypes),
  ];
}

function withTestRunners(): Consumer[] {
  const row = (runner: string, packages: string[], trial: Trial): Consumer => ({
    title: `${runner}, npm, Node 22`,
    manager: "npm",
    node: "22",
    packages: [...ALL, ...FRAMEWORKS, tool("supertest"), ...packages],
    trial,
  });
  return [
    row("Jest 30", ["jest@30"], runTests("jest/app.test.js", ["node_modules/.bin/jest"], "express")),
    row("Vitest", ["vitest"], runTests("runners/app.test.mjs", ["node_modules/.bin/vitest", "run"], "koa")),
    row("node:test", [], runTests("runners/app.test.mjs", ["node", "--test"], "fastify")),
  ];
}

/** The packages without a framework, each in a project without other packages of ours. */
function alone(): Consumer[] {
  const row = (name: string, node: string, packages: string[], what: string, trial: Trial): Consumer => ({
    title: `${name} alone, npm, Node ${node}${what}`,
    manager: "npm",
    node,
    packages: [name, ...packages],
    trial,
  });
  const withoutTypes = ", TypeScript 7.0 without @types/node";
  return [
    ...MODULES.map((modules, index) =>
      row("@sockact/core", NODES[index] as string, [], `, ${modules}`, serveReadme("core", modules)),
    ),
    row("@sockact/notify", "24", ["typescript@~7.0"], withoutTypes, useNotify),
    ...["20", "26"].map((node) => row("@sockact/register", node, [], "", usePreload)),
    row("@sockact/units", "26", ["typescript@~7.0"], withoutTypes, useUnits),
    row("sockact", "20", ["typescript@~7.0"], withoutTypes, useSockact),
  ];
}

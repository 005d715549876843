import { closeSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runInNewContext } from "node:vm";
import { httpRequest, portOf, rawSocket, startProcess, startWithFds } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONSUMERS, installConsumers } from "../src/install-consumers.ts";

const adapters = ["@sockact/express", "@sockact/koa", "@sockact/fastify"];
const packages = ["@sockact/core", "@sockact/notify", ...adapters, "@sockact/units", "sockact"];

let temporary: string;

beforeAll(async () => {
  await installConsumers([...packages, "@sockact/testing"]);
  // Inside the consumers' folder, so that its files find their packages.
  temporary = mkdtempSync(join(CONSUMERS, "temporary-"));
}, 300_000);
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Runs a program in the consumers' folder, and returns what it has written. */
async function run(...command: string[]): Promise<string> {
  await using program = startProcess(command, { cwd: CONSUMERS });
  const status = await program.ended;
  expect(`${program.stdout}${program.stderr}${status}`).toBe(`${program.stdout}${program.stderr}0`);
  return program.stdout;
}

const installed = (file: string): string => join(CONSUMERS, "node_modules", file);
const isEntryPoint = (path: string): boolean => !path.endsWith(".json");
/** Entry points for our own packages are only CommonJS. Node gives them a default export. */
const isInternal = (entryPoint: string): boolean => /\/.*\//.test(entryPoint);
const entryPoints = packages.flatMap((name) => {
  const manifest = readFileSync(new URL(`../../${folderOf(name)}/package.json`, import.meta.url), "utf8");
  const { exports } = JSON.parse(manifest) as { exports: Record<string, object> };
  // One with no published file is for the builds of our own packages.
  return Object.keys(exports)
    .filter((path) => isEntryPoint(path) && Object.keys(exports[path] ?? {}).join() !== "@sockact/source")
    .map((path) => `${name}${path.slice(1)}`);
});

function folderOf(name: string): string {
  return name === "sockact" ? "cli" : name.replace("@sockact/", "");
}

/** Names that entry points export, by the entry point. */
type Names = Record<string, string[]>;

describe("import and require()", { tags: "campaign" }, () => {
  let names: Record<"imported" | "required" | "typed", Names>;

  beforeAll(async () => {
    const print = async (...command: string[]): Promise<Names> =>
      JSON.parse(await run(process.execPath, ...command, ...entryPoints)) as Names;
    names = {
      imported: await print("names/imported.mjs"),
      required: await print("names/required.cjs"),
      typed: await print("names/typed.cjs"),
    };
  });

  test.each(entryPoints)("%s exports the same names to both, and to TypeScript", (entryPoint) => {
    expect(names.required[entryPoint]?.length).toBeGreaterThan(0);
    expect(names.typed[entryPoint]).toEqual(names.required[entryPoint]);
    const ofNode = names.required[entryPoint]?.includes("default") ? [] : ["default"];
    const imported = names.imported[entryPoint]?.filter(
      (name) => !isInternal(entryPoint) || !ofNode.includes(name),
    );
    expect(imported).toEqual(names.required[entryPoint]);
  });

  test("give the same objects, and so one state", async () => {
    const program = "copies/identical.mjs";
    const different = JSON.parse(await run(process.execPath, program, ...entryPoints)) as Names;
    expect(different).toEqual(Object.fromEntries(entryPoints.map((entryPoint) => [entryPoint, []])));
  });
});

describe("one copy of core reads the sockets, and the other serves them", { tags: "campaign" }, () => {
  test.each([
    ["imported and required", true],
    ["installed twice", false],
  ])("%s", async (how, isOfBoth) => {
    const nested = join(temporary, "twice/node_modules/@sockact");
    if (how === "installed twice") cpSync(installed("@sockact"), nested, { recursive: true });
    const other = how === "installed twice" ? join(nested, "core") : "@sockact/core";
    const socket = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
    const command = [process.execPath, join(CONSUMERS, "copies/read-and-serve.mjs"), other];
    await using app = startWithFds([socket], command);
    const port = portOf(socket);
    closeSync(socket);
    expect(await app.event("served")).toEqual({
      event: "served",
      isSameSocket: true,
      code: "SOCKACT_ERR_SOCKET_CLAIMED",
      isOfBoth,
    });
    expect((await httpRequest(`127.0.0.1:${port}`)).body).toBe("hello");
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
    expect(app.stderr.match(/SIGTERM: draining/g)?.length).toBe(1);
    expect(app.stderr).not.toMatch(/warning/i);
  });
});

describe("an app in one file serves the socket and stops at SIGTERM", { tags: "campaign" }, () => {
  const bundlers = [
    "esbuild, CommonJS",
    "esbuild, ES module beside its framework",
    "Rollup, ES module",
    "webpack, CommonJS",
  ];
  const cells = bundlers.flatMap((bundler) =>
    ["express", "koa", "fastify"].map((framework): [string, string] => [bundler, framework]),
  );
  test.each(cells)("%s: %s", async (bundler, framework) => {
    const extension = bundler.includes("CommonJS") ? "cjs" : "mjs";
    const output = join(temporary, `${framework}-${bundlers.indexOf(bundler)}.${extension}`);
    await run(process.execPath, "bundle.mjs", bundler, `${CONSUMERS}/apps/${framework}.mjs`, output);
    const socket = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
    await using app = startWithFds([socket], [process.execPath, output]);
    const port = portOf(socket);
    closeSync(socket);
    expect((await httpRequest(`127.0.0.1:${port}`)).body).toBe("hello");
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
    expect(app.stderr).not.toMatch(/warning/i);
  });
});

test("a bundler keeps an import of core that names nothing", { tags: "campaign" }, async () => {
  const output = join(temporary, "primary.mjs");
  await run(process.execPath, "bundle.mjs", "esbuild, CommonJS", `${CONSUMERS}/apps/primary.mjs`, output);
  expect(statSync(output).size).toBeGreaterThan(50_000);
});

test("a bundle of units needs nothing of Node", { tags: "campaign" }, async () => {
  const output = join(temporary, "units.js");
  await run(process.execPath, "bundle.mjs", "esbuild, browser", `${CONSUMERS}/types/units.ts`, output);
  expect(() => runInNewContext(readFileSync(output, "utf8"), {})).not.toThrow();
});

describe("tests of an app", { tags: "campaign" }, () => {
  const runners: [name: string, program: string, ...options: string[]][] = [
    ["Jest 29", "jest/bin/jest.js", "--rootDir=jest"],
    ["ts-jest", "jest/bin/jest.js", "--rootDir=ts-jest", "--preset=ts-jest"],
    ["Jest 30", "jest30/bin/jest.js", "--rootDir=jest"],
  ];
  test.each(runners)("pass under %s", async (_, program, ...options) => {
    const jest = [installed(program), ...options, "--runInBand", "--json", "--testEnvironment=node"];
    expect(JSON.parse(await run(process.execPath, ...jest))).toMatchObject({ success: true });
  });
});

describe(
  "an app in TypeScript compiles, with the types of its dependencies checked, and runs",
  { tags: "campaign" },
  () => {
    const compilers = { 7: "typescript7", 5.9: "typescript", 5.4: "typescript5.4" };
    const resolutions: Record<string, { options: object; type: "commonjs" | "module" }> = {
      "NodeNext, ES module": { options: { module: "NodeNext" }, type: "module" },
      "NodeNext, CommonJS": { options: { module: "NodeNext" }, type: "commonjs" },
      Bundler: { options: { module: "ESNext", moduleResolution: "Bundler" }, type: "module" },
      node10: {
        options: { module: "CommonJS", moduleResolution: "node", esModuleInterop: true },
        type: "commonjs",
      },
    };
    for (const [version, folder] of Object.entries(compilers)) {
      for (const [resolution, { options, type }] of Object.entries(resolutions)) {
        // TypeScript 7 has no node10 resolution any more.
        if (version === "7" && resolution === "node10") continue;
        test(`TypeScript ${version}, ${resolution}`, async () => {
          const project = mkdtempSync(join(temporary, "types-"));
          cpSync(join(CONSUMERS, "types"), project, { recursive: true });
          writeFileSync(join(project, "package.json"), JSON.stringify({ type }));
          const compile = async (file: string, types: string[]): Promise<void> => {
            const compilerOptions = {
              ...options,
              types,
              strict: true,
              skipLibCheck: false,
              target: "ES2022",
              lib: ["ES2023"],
              rootDir: ".",
            };
            const config = join(project, "tsconfig.json");
            writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }));
            await run(process.execPath, installed(`${folder}/bin/tsc`), "--project", config);
          };
          await compile("servers.ts", ["node"]);
          await compile("units.ts", []);
          const seen = await run(process.execPath, join(project, "servers.js"));
          expect(JSON.parse(seen)).toEqual({ passed: [], code: "SOCKACT_ERR_OPTION", asked: true });
          await run(process.execPath, join(project, "units.js"));
        });
      }
    }
  },
);

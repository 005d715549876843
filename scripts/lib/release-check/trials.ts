import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project.ts";

/** A test of the installed packages. Throws an error if something does not work. */
export type Trial = (project: Project) => Promise<void>;

export type ModuleSystem = "ES module" | "CommonJS";

/** Serves a request with the first program of a package's README. */
export const serveReadme =
  (name: string, modules: ModuleSystem): Trial =>
  async (project) => {
    const { file, code } = project.snippet(name, modules);
    // The program of notify listens without sockact: Node can listen on a passed descriptor.
    project.write(file, name === "notify" ? code.replace("listen(3000", "listen({ fd: 3 }") : code);
    await project.serve(file);
  };

const compilerOptions = {
  module: "NodeNext",
  target: "ES2022",
  strict: true,
  skipLibCheck: false,
  // The types of Express and Koa need it, as their READMEs say.
  esModuleInterop: true,
};

async function compile(project: Project, options: object, files: string[]): Promise<void> {
  const config = { compilerOptions: { ...compilerOptions, ...options }, files };
  project.write("tsconfig.json", JSON.stringify(config));
  await project.run("node_modules/.bin/tsc");
}

/**
 * Compiles the program of an adapter's README in both module systems, with the types of all packages checked,
 * and serves with each.
 */
export const serveTypeScript =
  (framework: string): Trial =>
  async (project) => {
    const { code } = project.snippet(framework, "ES module");
    project.write("server.mts", code);
    project.write("server.cts", code);
    await compile(project, { lib: ["ES2023"], types: ["node"] }, ["server.mts", "server.cts"]);
    await project.serve("server.mjs");
    await project.serve("server.cjs");
  };

/** Compiles an app that imports every package, in both module systems, and runs it. */
export const useAllTypes: Trial = async (project) => {
  project.copy("types/servers.ts", "servers.mts");
  project.copy("types/servers.ts", "servers.cts");
  await compile(project, { lib: ["ES2023"], types: ["node"] }, ["servers.mts", "servers.cts"]);
  await project.runNode("servers.mjs");
  await project.runNode("servers.cjs");
  await serveTypeScript("fastify")(project);
};

/** Compiles a program of a package in a project that has no types of Node. */
async function compileWithoutNode(project: Project, file: string, options: object = {}): Promise<void> {
  if (existsSync(join(project.folder, "node_modules/@types/node")))
    throw new Error("The project has the types of Node, and must not.");
  await compile(project, { types: [], ...options }, [file]);
}

export const useUnits: Trial = async (project) => {
  project.copy("types/units.ts", "units.mts");
  await compileWithoutNode(project, "units.mts", { lib: ["ES2023"] });
  await project.runNode("units.mjs");
  for (const modules of ["ES module", "CommonJS"] as const) {
    const { file, code } = project.snippet("units", modules);
    project.write(file, code.replace("/etc/systemd/system/", ""));
    await project.runNode(file);
    const socket = project.read("shop.socket");
    if (!socket.includes("[Socket]\nListenStream=80\n"))
      throw new Error(`The program wrote no socket:\n${socket}`);
  }
};

export const useNotify: Trial = async (project) => {
  project.write(
    "types.mts",
    'import { ready } from "@sockact/notify";\nexport const sent: Promise<boolean> = ready();\n',
  );
  await compileWithoutNode(project, "types.mts", { lib: ["ES2023"] });
  for (const modules of ["ES module", "CommonJS"] as const) await serveReadme("notify", modules)(project);
};

/**
 * Serves an app without sockact in its code, by the command in the README of the preload, and by its unit.
 */
export const usePreload: Trial = async (project) => {
  const listen = 'createServer((request, response) => response.end("hello")).listen(3000);\n';
  project.write("server.mjs", `import { createServer } from "node:http";\n${listen}`);
  project.write("server.cjs", `const { createServer } = require("node:http");\n${listen}`);
  for (const file of ["server.mjs", "server.cjs"]) {
    await project.serve(file, "--import", "@sockact/register");
    await project.serve(file, `--require=${project.folder}/node_modules/@sockact/register/dist/index.cjs`);
  }
};

/** No service has this name, so the promise must reject with an error of the package. */
export const useSockact: Trial = async (project) => {
  project.write(
    "roll.mts",
    `import { RollingError, type RollingResult, rollingRestart } from "sockact";
const result: RollingResult | string = await rollingRestart("sockact-release-check").catch((error: unknown) => {
  if (error instanceof RollingError) return error.code;
  throw error;
});
if (typeof result !== "string") throw new Error("rollingRestart() restarted a service that does not exist.");
`,
  );
  // One of its options is an AbortSignal, which is in the default `lib` of TypeScript.
  await compileWithoutNode(project, "roll.mts");
  await project.runNode("roll.mjs");
  project.write(
    "roll.js",
    'if (typeof require("sockact").rollingRestart !== "function") throw new Error("no function");\n',
  );
  await project.runNode("roll.js");
};

/** Runs the tests of an app, and serves with the app. */
export const runTests =
  (fixture: string, command: string[], framework: string): Trial =>
  async (project) => {
    project.copy(fixture, fixture.split("/").at(-1) as string);
    await project.run(...command);
    await serveReadme(framework, "CommonJS")(project);
  };

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "../packages/testing/src/app-process.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicPackages, root } from "./lib/packages.ts";

const packages = publicPackages();
const accepted = JSON.parse(readFileSync(join(root, "api/packages.json"), "utf8")) as Record<
  string,
  { installs: string[]; files: string[] }
>;

let folder: string;
/** The file of each package that npm would publish, by the package's name. */
let archives: Record<string, string>;

/**
 * Runs npm, which asks the registry only for what it has not cached, and returns what it has written to
 * standard output.
 */
async function npm(cwd: string, ...args: string[]): Promise<string> {
  await using program = startProcess(["npm", "--prefer-offline", "--json", ...args], { cwd });
  const status = await program.ended;
  if (status !== 0)
    throw new Error(`npm ${args.join(" ")} ended with ${status}: ${program.stdout}${program.stderr}`);
  return program.stdout;
}

/** Installs a package in an empty folder, and returns that folder. */
async function install(name: string, ...options: string[]): Promise<string> {
  const project = mkdtempSync(join(folder, "project-"));
  // For another package of ours, npm uses the one of this repository and does not ask the registry.
  const { [name]: archive, ...overrides } = archives;
  writeFileSync(join(project, "package.json"), JSON.stringify({ overrides }));
  // The framework is left out, because it has dependencies, and so are colors for tables, which are optional.
  await npm(
    project,
    "install",
    "--legacy-peer-deps",
    "--omit=optional",
    "--no-audit",
    ...options,
    String(archive),
  );
  return join(project, "node_modules");
}

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .toSorted();

describe("npm install of a package alone", { tags: "campaign" }, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sockact-installed-"));
    const paths = packages.map(({ path }) => path);
    const packed = JSON.parse(await npm(folder, "pack", "--ignore-scripts", ...paths)) as {
      name: string;
      filename: string;
    }[];
    archives = Object.fromEntries(packed.map(({ name, filename }) => [name, join(folder, filename)]));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.concurrent.each(packages)(
    "of $name adds the packages that api/ names, and runs no script",
    async ({ name }) => {
      // koffi would be compiled: its ready-made file is optional, so it is omitted here.
      const compiles = accepted[name]?.installs.includes("koffi") ?? false;
      const modules = await install(name, `--ignore-scripts=${compiles}`);
      const lock = readFileSync(join(modules, ".package-lock.json"), "utf8");
      const added = (JSON.parse(lock) as { packages: Record<string, { hasInstallScript?: true }> }).packages;
      expect(Object.keys(added)).toEqual(accepted[name]?.installs.map((each) => `node_modules/${each}`));
      const withScripts = compiles ? ["node_modules/koffi"] : [];
      expect(Object.keys(added).filter((path) => added[path]?.hasInstallScript)).toEqual(withScripts);
      expect(filesIn(join(modules, name))).toEqual(accepted[name]?.files);
      expect(filesIn(await install(name, "--ignore-scripts"))).toEqual(filesIn(modules));
    },
  );
});

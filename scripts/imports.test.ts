import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { importsInCircles, importsUpward, specifiersIn } from "./lib/imports.ts";

/** The folders of the larger packages. Each imports only from those above it. */
const orders: Record<string, string[]> = {
  cli: [
    "printed",
    "shared",
    "systemd",
    "output",
    "proxy",
    "change",
    "app",
    "bundle",
    "config",
    "install",
    "install-app",
    "init",
    "units",
    "uninstall",
    "redeploy",
    "status",
    "hosts",
    "logs",
    "drain",
    "metrics",
    "explain",
    "lint/report",
    "lint",
    "run",
    "prove",
    "verify",
    "doctor/model",
    "doctor/facts",
    "doctor/diagnoses",
    "doctor",
    "completion",
    "man",
    "command-line",
  ],
  core: [
    "shared",
    "activation/protocol",
    "activation/proc",
    "activation",
    "proxy-protocol",
    "binding",
    "draining",
    "lifecycle",
    "handover",
    "signals",
    "cluster",
    "api",
  ],
  units: [
    "systemd",
    "node",
    "parse",
    "model",
    "lint/values",
    "lint/findings",
    "lint/subjects",
    "lint/rules/service",
    "lint/rules",
    "lint",
    "description",
    "write",
    "read/values",
    "read/fields",
    "read/conflicts",
    "read/sandbox",
    "read",
    "emit/sections",
    "emit/ports",
    "emit",
  ],
};

describe("the files and folders of each package", () => {
  const root = fileURLToPath(new URL("../packages", import.meta.url));

  it.each(readdirSync(root))("import one way: %s", (name) => {
    expect(importsInCircles(join(root, name, "src"))).toEqual([]);
  });

  it.each(Object.entries(orders))("import only from folders above: %s", (name, folders) => {
    const lib = join(root, name, "src/lib");
    const present = readdirSync(lib, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.filter((folder) => !folder.includes("/")).toSorted()).toEqual(
      present.map((entry) => entry.name).toSorted(),
    );
    expect(importsUpward(lib, folders)).toEqual([]);
  });

  // Otherwise turbo does not build again after a change of such a file.
  it.each(readdirSync(root))("what is imported from outside is an input of the build: %s", (name) => {
    const sources = readdirSync(join(root, name, "src"), {
      recursive: true,
      encoding: "utf8",
    })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => join(root, name, "src", file));
    const outside = sources
      .flatMap((source) => specifiersIn(source).map((specifier) => join(dirname(source), specifier)))
      .map((file) => relative(join(root, ".."), file))
      .filter((file) => file.startsWith("docs/"));
    const settings = join(root, name, "turbo.json");
    expect(existsSync(settings) ? readFileSync(settings, "utf8") : "").toSatisfy((inputs: string) =>
      outside.every((file) => inputs.includes(`"$TURBO_ROOT$/${file}"`)),
    );
  });

  it("other folders of cli import only the façade of install", () => {
    const lib = join(root, "cli/src/lib");
    const files = readdirSync(lib, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && !file.startsWith("install/"),
    );
    const imported = files.flatMap((file) =>
      specifiersIn(join(lib, file)).map((specifier) => join(dirname(file), specifier)),
    );
    const inside = imported.filter((file) => file.startsWith("install/"));
    expect(new Set(inside)).toEqual(new Set(["install/install.ts"]));
  });

  it("draining imports nothing but shared", () => {
    const lib = join(root, "core/src/lib");
    expect(importsUpward(lib, ["shared", "draining", "activation", "binding"])).toEqual([]);
  });
});

describe("importsInCircles and importsUpward", () => {
  let root = "";
  afterEach(() => rmSync(root, { recursive: true }));

  function write(files: Record<string, string>): void {
    root = mkdtempSync(join(tmpdir(), "imports-"));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
  }

  function circlesOf(files: Record<string, string>): string[] {
    write(files);
    return importsInCircles(root).sort();
  }

  it("finds an import of a folder below, of types too", () => {
    write({
      "a/a.ts": 'import "./deep/d.ts";\nimport type { B } from "../b/b.ts";',
      "a/deep/d.ts": "",
      "b/b.ts": 'import "../a/a.ts";',
    });
    expect(importsUpward(root, ["a/deep", "a", "b"])).toEqual(["a/a.ts imports b/b.ts"]);
    expect(importsUpward(root, ["b", "a", "a/deep"])).toEqual([
      "a/a.ts imports a/deep/d.ts",
      "b/b.ts imports a/a.ts",
    ]);
  });

  it.each([
    ["import { b } from", "import { a } from"],
    ["import type { B } from", "export * from"],
  ])("finds a circle of two files: %s, %s, and no other import", (first, second) => {
    const files = {
      "index.ts": 'import "./a.ts";\nimport "node:fs";',
      "a.ts": `${first} "./b.ts";`,
      "a.test.ts": 'import "./index.ts";',
      "b.ts": `${second} "./a.ts";\nvoid import("./deep/c.ts");`,
      "deep/c.ts": "",
    };
    expect(circlesOf(files)).toEqual(["a.ts imports b.ts", "b.ts imports a.ts"]);
  });

  it("finds a circle of folders whose files have none, and no import that is not part of it", () => {
    const files = {
      "index.ts": 'import "./lib/read/a.ts";',
      "lib/read/a.ts": 'import "../write/a.ts";\nimport "./b.ts";',
      "lib/read/b.ts": "",
      "lib/write/a.ts": "",
      "lib/write/deep/b.ts": 'import type { B } from "../../read/b.ts";',
    };
    expect(circlesOf(files)).toEqual([
      "lib/read/a.ts imports lib/write/a.ts",
      "lib/write/deep/b.ts imports lib/read/b.ts",
    ]);
  });
});

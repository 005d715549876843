import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { startProcess } from "../packages/testing/src/app-process.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "./lib/packages.ts";
import { acceptPublished, checkPublished } from "./lib/published/published.ts";

const greeter = {
  name: "greeter",
  version: "1.0.0",
  files: ["dist"],
  exports: { ".": { types: "./dist/index.d.cts", default: "./dist/index.cjs" } },
};
const shouter = { name: "shouter", version: "1.0.0", dependencies: { greeter: "^1.0.0" } };

/** A repository with two packages, as they were accepted. */
let repository: string;

function write(file: string, text: string): void {
  const path = join(repository, "packages", file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe("npm run check:published", { tags: "campaign" }, () => {
  beforeAll(() => {
    repository = mkdtempSync(join(tmpdir(), "sockact-published-"));
    mkdirSync(join(repository, "node_modules"));
    symlinkSync(join(root, "node_modules/ms"), join(repository, "node_modules/ms"));
    writeFileSync(
      join(repository, "package.json"),
      JSON.stringify({ name: "root", workspaces: ["packages/*"] }),
    );
    write("greeter/package.json", JSON.stringify(greeter));
    write("greeter/README.md", "Greets you.\n");
    write("greeter/dist/index.cjs", `exports.greet = () => process.env.LISTEN_FDS;\n`);
    write("greeter/dist/index.d.cts", "/** Greets. */\nexport declare function greet(): string;\n");
    write("shouter/package.json", JSON.stringify(shouter));
    acceptPublished(repository);
  });
  afterAll(() => rmSync(repository, { recursive: true }));

  test("the check passes after a release, and after a longer sentence in a README", () => {
    write(
      "greeter/package.json",
      JSON.stringify({ ...greeter, version: "1.1.0", description: "Greets you." }),
    );
    write("greeter/README.md", "Greets you, and all who listen.\n");
    write("shouter/package.json", JSON.stringify({ ...shouter, dependencies: { greeter: "^1.1.0" } }));
    expect(checkPublished(repository)).toEqual([]);
  });

  test("the check fails and names each change that users notice, until somebody accepts the changes", async () => {
    write("greeter/dist/extra.cjs", `exports.idle = process.env.SOCKACT_EXTRA; // ${"code ".repeat(2000)}\n`);
    write(
      "greeter/dist/index.d.cts",
      "/** Greets. */\nexport declare function greet(name: Name): string;\ntype Name = string;\nexport declare const extra: Name;\nexport {};\n",
    );
    const exports = { ...greeter.exports, "./extra": "./dist/extra.cjs" };
    const scripts = { postinstall: "node dist/extra.cjs", prepare: "node ." };
    write(
      "greeter/package.json",
      JSON.stringify({ ...greeter, exports, dependencies: { ms: "^2.1.3" }, scripts }),
    );

    const changes = checkPublished(repository).join("\n\n");
    for (const line of [
      "api/greeter.api.md",
      "  -export function greet(): string;",
      "  +export const extra: Name;",
      "  +export function greet(name: Name): string;",
      "  +type Name = string;",
      "greeter in api/packages.json",
      '  +manifest exports ./extra: "./dist/extra.cjs"',
      '  +manifest dependencies ms: "^2.1.3"',
      '  +manifest scripts postinstall: "node dist/extra.cjs"',
      '  +manifest scripts prepare: "node ."',
      '  +installs: "ms"',
      '  +files: "dist/extra.cjs"',
      '  +visibleNames: "SOCKACT_EXTRA"',
    ])
      expect(`\n${changes}\n`).toContain(`\n${line}\n`);
    expect(changes).toMatch(/^ {2}unpacked: 10,\d{3} bytes; the budget is \d,\d{3}$/m);
    expect(changes).toMatch(/^ {2}an install adds \d+ files; the budget is 4$/m);

    const command = ["--import", "tsx", "scripts/published.ts", "--repository", repository];
    await using check = startProcess([process.execPath, ...command], { cwd: root });
    expect(await check.ended).toBe(1);
    expect(check.stdout).toContain(changes);
    acceptPublished(repository);
    expect(checkPublished(repository)).toEqual([]);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { publicPackages } from "./lib/published/packages.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));
const api = join(repository, "api");

describe("the published types", () => {
  it.each(publicPackages(repository))(
    "of packages/$folder import only Node's types, and those that an install brings",
    ({ folder, manifest }) => {
      const { dependencies = {}, peerDependencies = {} } = manifest;
      const brought = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
      const foreign = importsOf(folder).filter(
        (id) => !id.startsWith("node:") && !brought.some((name) => id === name || id.startsWith(`${name}/`)),
      );
      expect(foreign).toEqual([]);
    },
  );

  it.each(["units", "notify", "cli"])("of packages/%s need no @types/node", (folder) => {
    expect(importsOf(folder)).toEqual([]);
    expect(reportsOf(folder)).not.toMatch(/\bNodeJS\.|\bBuffer\b/);
  });
});

/** What the reports of the package say. */
function reportsOf(folder: string): string {
  const files = readdirSync(api).filter((file) => file.startsWith(`${folder}.`));
  expect(files).not.toEqual([]);
  return files.map((file) => readFileSync(join(api, file), "utf8")).join("");
}

/** What the types of the package import. */
function importsOf(folder: string): string[] {
  return Array.from(reportsOf(folder).matchAll(/^import .* from '(.*)';$/gm), ([, id]) => String(id));
}

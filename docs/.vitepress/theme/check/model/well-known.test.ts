import { isDeepStrictEqual } from "node:util";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkUnits, fixFiles } from "./check.ts";
import { splitUnits } from "./split.ts";

const folder = join(import.meta.dirname, "../../../../../packages/units/test/fixtures/documented");
const page = readFileSync(join(import.meta.dirname, "../../../../check.md"), "utf8");

/** The units that each project documents, for the system or for the service managers of users. */
const documented = readdirSync(folder)
  .filter((project) => statSync(join(folder, project)).isDirectory())
  .flatMap((project) => {
    const path = join(folder, project);
    return [
      path,
      ...readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? join(path, entry.name) : [],
      ),
    ];
  })
  .map((path) => ({
    project: path.slice(folder.length + 1),
    files: readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => ({ name, text: readFileSync(join(path, name), "utf8") })),
  }));

const codesOf = (text: string): string[] => {
  const { files, user } = splitUnits(text);
  return checkUnits(files, user)
    .findings.map(({ code }) => code)
    .toSorted();
};

/** The findings that the page lists for a project. `undefined` if the page does not name the project. */
function saidOf(project: string): string[] | undefined {
  const [, name = "", version = ""] = /^(.*)-(\d.*)$/.exec(project.replace(/\/.*/, "")) ?? [];
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9.]/g, "");
  const isThis = (said: string): boolean =>
    said.endsWith(` ${version}`) && plain(name).startsWith(plain(said.slice(0, -version.length)));
  const rows = [...page.matchAll(/^\| \[`([\w-]+)`\][^|]*\| ([^|]+?) *\|/gm)]
    .filter(([, , projects = ""]) => projects.split(", ").some(isThis))
    .map(([, code = ""]) => code);
  const isNamed = plain(page).includes(plain(name) + version);
  return rows.length > 0 ? rows.toSorted() : isNamed ? [] : undefined;
}

it("units of fifteen projects are documented", () => {
  expect(new Set(documented.map(({ project }) => project.replace(/\/.*/, ""))).size).toBe(15);
  expect(page).toContain("15 projects");
});

it.each(documented)(
  "pasted with their names, the units of $project have the findings that the page lists",
  ({ project, files }) => {
    const user = project.endsWith("/user");
    const text = files
      .map(
        (file) =>
          `# /etc/systemd/${user ? "user" : "system"}/${file.name}\n${file.text.replace(/\n*$/, "\n")}`,
      )
      .join("\n");
    const split = splitUnits(text);
    expect(split.files.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
    expect(split.user).toBe(user);
    expect(codesOf(text)).toEqual(saidOf(project));
    // Only a start limit that slower restarts replace needs no decision of the author.
    const fixed = fixFiles(split.files, undefined, user);
    const left = checkUnits(fixed, user).findings.map(({ code }) => code);
    const isFixed = /^(?:puma|signalk)/.test(project);
    expect(left.toSorted()).toEqual(saidOf(project)!.filter((code) => !(isFixed && code === "start-limit")));
    expect(isFixed || isDeepStrictEqual(fixed, split.files)).toBe(true);
  },
);

it.each(documented)(
  "pasted as a page shows them, without names, the units of $project have the same findings",
  ({ project, files }) => {
    const text = files.map((file) => file.text.replace(/\n*$/, "\n")).join("\n");
    expect(codesOf(text)).toEqual(saidOf(project));
  },
);

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./lib/packages.ts";

const folder = join(root, "examples");
const read = (path: string): string => readFileSync(join(folder, path), "utf8");

/**
 * These folders contain samples for pages and tests, and no complete app. The app of the fleet is installed
 * on other hosts, and not by its README.
 */
const others = ["adapter", "coming-from", "fleet", "frameworks", "lib"];
const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !others.includes(entry.name))
  .map(({ name }) => name)
  .filter((name) => existsSync(join(folder, name, "package.json")));

/** The source of the tests that run the commands of the READMEs. */
const tested = readdirSync(folder)
  .filter((file) => file.endsWith(".test.ts"))
  .flatMap((file) => read(file).split("testExamples({").slice(1))
  .join("\n");

test.each(examples)("the example %s has the same structure as all others", (name) => {
  const headings = Array.from(read(`${name}/README.md`).matchAll(/^## (.*)$/gm), ([, heading]) => heading);
  const common = ["Start it yourself", "Install it as a service", "Look at it", "Remove it"];
  expect(headings.filter((heading) => common.includes(heading!))).toEqual(common);
  const { scripts, ...manifest } = JSON.parse(read(`${name}/package.json`));
  expect(manifest).toMatchObject({ name: `example-${name}`, version: "0.0.0", private: true });
  expect(scripts).toHaveProperty("start");
  expect(existsSync(join(folder, name, "sockact.config.js"))).toBe(true);
});

test.each(examples)("a test runs the commands in the README of %s, with and without systemd", (name) => {
  expect(tested).toMatch(new RegExp(`(?:^|[{,])\\s*(?:${name}|"${name}"): `, "m"));
});

test("docs/examples.md lists every example once", () => {
  const page = readFileSync(join(root, "docs/examples.md"), "utf8");
  const links = Array.from(page.matchAll(/\]\(\.\.\/examples\/([\w-]+)\)/g), ([, name]) => name);
  const listed = [...examples, "fleet"];
  expect(links).toHaveLength(listed.length);
  expect(links).toEqual(expect.arrayContaining(listed));
});

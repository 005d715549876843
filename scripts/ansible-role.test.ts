import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { root } from "./lib/packages.ts";

const role = join(root, "deploy/ansible/roles/sockact_app");
const read = (file: string): string => readFileSync(join(role, file), "utf8");

interface Spec {
  argument_specs: { main: { options: Record<string, { required?: boolean; description: string }> } };
}
const { options } = (parse(read("meta/argument_specs.yml")) as Spec).argument_specs.main;
const defaults = parse(read("defaults/main.yml")) as Record<string, unknown>;
/** The name and the default of each variable in the table of the README. */
const rows = Array.from(read("README.md").matchAll(/^\| `(sockact_app_\w+)` +\| (.*?) +\|/gm), (match) =>
  match.slice(1),
);

/** A default as the table shows it. */
function shown(name: string): string {
  const value = defaults[name];
  if (options[name]?.required === true) return "required";
  if (value === "") return "empty";
  if (Array.isArray(value)) return `\`[${value.join(", ")}]\``;
  return `\`${String(value).replace("{{ sockact_app_name }}", "NAME")}\``;
}

test("the README of the Ansible role has each variable that Ansible checks, with its default", () => {
  expect(rows).toEqual(Object.keys(options).map((name) => [name, shown(name)]));
});

test("each variable of the Ansible role has a default, unless it is required", () => {
  const optional = Object.keys(options).filter((name) => options[name]?.required !== true);
  expect(Object.keys(defaults)).toEqual(optional);
});

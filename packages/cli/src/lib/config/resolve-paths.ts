import { relative, resolve } from "node:path";
import type { AppDescription } from "@sockact/units";
import { liesIn } from "../shared/folders.ts";

/** Fields with a path or a list of paths, each a string or an object with a `path`. */
const pathFields = [
  "workingDirectory",
  "environmentFile",
  "readWritePaths",
  "conditionPathExists",
  "preload",
];

/**
 * Replaces the program `node` by the path of Node, and paths with `./` or `../` by absolute paths from the
 * folder of the config. A config is then the same on every machine, even as JSON. Malformed values are left
 * for the check of the description.
 */
export function resolvePaths(description: unknown, folder: string, node: string): unknown {
  if (typeof description !== "object" || description === null || Array.isArray(description))
    return description;
  const absolute = (path: string) => (/^\.\.?(?:\/|$)/.test(path) ? resolve(folder, path) : path);
  return withPaths(description, (program) => (program === "node" ? node : absolute(program)), absolute);
}

/** The reverse of {@link resolvePaths}, for a config in this folder. */
export function relativePaths(
  description: AppDescription,
  folder: string,
  node: string | undefined,
): AppDescription {
  const inside = (path: string) => (liesIn(folder, path) ? `./${relative(folder, path)}` : path);
  return withPaths(description, (program) => (program === node ? "node" : program), inside) as AppDescription;
}

/** Replaces the program and the other paths. */
function withPaths(
  description: object,
  ofProgram: (path: string) => string,
  ofPath: (path: string) => string,
): object {
  const fields = Object.entries(description).map(([key, value]: [string, unknown]): [string, unknown] => {
    if (pathFields.includes(key)) return [key, replaced(value, ofPath)];
    if (key !== "exec" || !Array.isArray(value)) return [key, value];
    const [program, ...words] = value as unknown[];
    return [key, [replaced(program, ofProgram), ...words.map((word) => replaced(word, ofPath))]];
  });
  return Object.fromEntries(fields);
}

/** Replaces a path, the paths of a list, or the `path` of an object. */
function replaced(value: unknown, to: (path: string) => string): unknown {
  if (typeof value === "string") return to(value);
  if (Array.isArray(value)) return value.map((item) => replaced(item, to));
  if (typeof value !== "object" || value === null || !("path" in value)) return value;
  return { ...value, path: replaced(value.path, to) };
}

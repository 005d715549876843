import { resolve } from "node:path";

/** Fields with one path, or with a list of paths, each of them a string or an object with a `path`. */
const pathFields = [
  "workingDirectory",
  "environmentFile",
  "readWritePaths",
  "conditionPathExists",
  "preload",
];

/**
 * Replaces `node`, as the program, by the path of Node, and what begins with `./` or `../` by a path from the folder of the config. So a
 * config is the same on each machine, also as JSON. What is malformed stays, for the check of the description to refuse.
 */
export function resolvePaths(description: unknown, folder: string, node: string): unknown {
  if (typeof description !== "object" || description === null || Array.isArray(description))
    return description;
  const fields = Object.entries(description).map(([key, value]: [string, unknown]): [string, unknown] => {
    if (pathFields.includes(key)) return [key, absolute(value, folder)];
    if (key !== "exec" || !Array.isArray(value)) return [key, value];
    const [program, ...words] = value as unknown[];
    return [
      key,
      [program === "node" ? node : absolute(program, folder), ...words.map((word) => absolute(word, folder))],
    ];
  });
  return Object.fromEntries(fields);
}

function absolute(value: unknown, folder: string): unknown {
  if (typeof value === "string") return /^\.\.?(?:\/|$)/.test(value) ? resolve(folder, value) : value;
  if (Array.isArray(value)) return value.map((item) => absolute(item, folder));
  if (typeof value !== "object" || value === null || !("path" in value)) return value;
  return { ...value, path: absolute(value.path, folder) };
}

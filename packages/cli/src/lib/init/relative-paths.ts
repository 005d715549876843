import { relative } from "node:path";
import type { AppDescription } from "@sockact/units";
import { liesIn } from "../shared/folders.ts";

/** Writes paths inside of the config's folder so that they start from there: the reverse of what a config's paths are resolved to. */
export function relativePaths(
  description: AppDescription,
  folder: string,
  node: string | undefined,
): AppDescription {
  const inside = <Value>(value: Value): Value => {
    if (typeof value === "string")
      return (liesIn(folder, value) ? `./${relative(folder, value)}` : value) as Value;
    return (Array.isArray(value) ? value.map((one: unknown) => inside(one)) : value) as Value;
  };
  const { exec = [], workingDirectory, environmentFile } = description;
  const [program, ...words] = exec;
  return {
    ...description,
    exec: [program === node || program === undefined ? "node" : program, ...words.map(inside)],
    ...(workingDirectory === undefined ? {} : { workingDirectory: inside(workingDirectory) }),
    ...(environmentFile === undefined ? {} : { environmentFile: inside(environmentFile) }),
  };
}

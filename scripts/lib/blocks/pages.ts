import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The files of a checkout that git has or would add. */
export function filesInGit(root: string): string[] {
  const inGit = ["ls-files", "--cached", "--others", "--exclude-standard"];
  return execFileSync("git", inGit, { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(join(root, file)));
}

const handwritten = [
  /^(?:README|CONTRIBUTING|RELEASING|SECURITY)\.md$/,
  /^(?:packages|examples)\/[^/]+\/README\.md$/,
  /^deploy\/.*\/README\.md$/,
  /^docs\/(?!reference\/|codes\/).*\.md$/,
  /^\.changeset\/README\.md$/,
];

/** The pages that people write: what a tool has generated is left out. */
export const handwrittenPages = (files: readonly string[]): string[] =>
  files.filter((file) => handwritten.some((pattern) => pattern.test(file)));

import { readdirSync } from "node:fs";
import { join, posix } from "node:path";

/** The paths in .gitignore. */
const ignored =
  /(?:^|\/)(?:node_modules|dist|coverage|\.git|\.cache|\.ansible|\.turbo|\.build-[^/]*|temporary-[^/]*|[^/]*\.(?:tgz|tsbuildinfo))$|^(?:sbom|docs\/(?:reference|screenshots|\.vitepress\/(?:\.temp|cache)))$/;

/** The files of a checkout that git has or would add. Does not run git, which a test machine may lack. */
export function filesInGit(root: string, folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (ignored.test(path)) return [];
      return entry.isDirectory() ? filesInGit(root, path) : [path];
    });
}

const handwritten = [
  /^(?:README|CONTRIBUTING|RELEASING|SECURITY)\.md$/,
  /^(?:packages|examples)\/[^/]+\/README\.md$/,
  /^deploy\/.*\/README\.md$/,
  /^docs\/(?!reference\/|codes\/\[).*\.md$/,
  /^\.changeset\/README\.md$/,
];

/** The pages that people write, without generated ones. */
export const handwrittenPages = (files: readonly string[]): string[] =>
  files.filter((file) => handwritten.some((pattern) => pattern.test(file)));

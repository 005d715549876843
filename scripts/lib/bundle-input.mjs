// What rolldown is told to bundle of a package. Plain JavaScript: the build of each package imports it.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The entry points of the package in a folder, and which imports stay imports. */
export function bundleInput(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // An entry point without a published file is for the builds of other packages, which put its code into their own files.
  const sources = Object.values(manifest.exports).flatMap(({ "@sockact/source": source, ...published }) =>
    source && Object.keys(published).length > 0 ? source : [],
  );
  const frameworks = Object.keys(manifest.peerDependencies ?? {});
  const installed = [...frameworks, ...Object.keys(manifest.dependencies ?? {})];
  return {
    frameworks,
    entries: Object.fromEntries(sources.map((source) => [/([^/]+)\.ts$/.exec(source)[1], source])),
    external: (id) =>
      id.startsWith("node:") || installed.some((name) => id === name || id.startsWith(`${name}/`)),
    // The build puts a package of this repository into the files, from its sources, unless it is a dependency.
    resolve: { conditionNames: ["@sockact/source", "import"] },
  };
}

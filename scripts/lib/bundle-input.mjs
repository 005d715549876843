// The input of rolldown for a package. Plain JavaScript, because the build of each package imports this file.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * The features of core with their own files, with the path prefixes of their sources. A library that contains
 * core has these files too.
 */
function featuresOf(folder, { name, devDependencies = {}, bin }) {
  const hasCore = bin === undefined && [name, ...Object.keys(devDependencies)].includes("@sockact/core");
  return hasCore ? JSON.parse(readFileSync(join(folder, "../core/features.json"), "utf8")) : {};
}

/** The entry points and programs of the package in a folder, and the imports that stay imports. */
export function bundleInput(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // An entry point without a published file is for the builds of other packages, which include its code in
  // their own files.
  const sources = Object.values(manifest.exports).flatMap(({ "@sockact/source": source, ...published }) =>
    source && Object.keys(published).length > 0 ? source : [],
  );
  const frameworks = Object.keys(manifest.peerDependencies ?? {});
  const installed = [...frameworks, ...Object.keys(manifest.dependencies ?? {})];
  // The commands of `bin`, and the programs that they start as separate processes.
  const commands = Object.values(manifest.bin ?? {}).map((file) => `./src/${basename(file, ".cjs")}.ts`);
  const filesIn = (name) =>
    existsSync(join(folder, name)) ? readdirSync(join(folder, name)).map((file) => `./${name}/${file}`) : [];
  const byName = (files) => Object.fromEntries(files.map((file) => [basename(file, ".ts"), file]));
  return {
    frameworks,
    features: featuresOf(folder, manifest),
    entries: byName(sources),
    programs: byName([...commands, ...filesIn("src/programs")]),
    // These files run outside the package, so each contains everything that it needs.
    standalone: byName(filesIn("src/standalone")),
    external: (id) =>
      id.startsWith("node:") || installed.some((name) => id === name || id.startsWith(`${name}/`)),
    // The build bundles the sources of a package of this repository, unless it is a dependency.
    resolve: { conditionNames: ["@sockact/source", "import"] },
  };
}

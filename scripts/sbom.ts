// npm run sbom -- [--out DIR]: writes a bill of materials for each published package, NAME-VERSION.cdx.json
// in CycloneDX's format. DIR is sbom by default.
//
// `npm sbom` of a workspace describes the whole repository, and lists frameworks that other workspaces
// install.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Contrib, Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { bundledNames, publicPackages } from "./lib/packages.ts";
import { type InstalledPackage, runtimeTree } from "./lib/runtime-tree.ts";

const { Builders, Factories, Utils } = Contrib.FromNodePackageJson;
const references = new Factories.ExternalReferenceFactory();
const builder = new Builders.ComponentBuilder(
  references,
  new Contrib.License.Factories.LicenseFactory((expression) => {
    throw new Error(`${expression} is not the SPDX identifier of one license`);
  }),
);
const published = publicPackages();

/**
 * The package in a folder, with the packages that the build includes in its files. `npm ls` may not return
 * all of its manifest.
 */
function componentOf(
  { path, integrity }: Pick<InstalledPackage, "path" | "integrity">,
  parent = "",
): Models.Component {
  const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as InstalledPackage;
  const component = builder.makeComponent(manifest)!;
  // The names and versions of npm need no other escape.
  component.purl = `pkg:npm/${manifest.name.replace("@", "%40")}@${manifest.version}`;
  component.bomRef.value = parent + component.purl;
  if (integrity !== undefined) component.hashes.set(...Utils.parsePackageIntegrity(integrity));
  const own = published.find(({ name }) => name === manifest.name);
  if (own === undefined || parent !== "") return component;
  for (const name of bundledNames(own, published)) {
    const bundled = componentOf(
      published.find((each) => each.name === name)!,
      `${component.bomRef.value}|`,
    );
    bundled.properties.add(new Models.Property("cdx:npm:package:bundled", "true"));
    component.components.add(bundled);
  }
  return component;
}

/**
 * The document of a package and of the ones that npm installs with it. Without a serial number and a time,
 * the same commit gives the same document.
 */
function sbomOf(main: InstalledPackage): string {
  const bom = new Models.Bom();
  bom.metadata.component = componentOf(main);
  bom.metadata.lifecycles.add(Enums.LifecyclePhase.Build);
  const library = createRequire(import.meta.url)("@cyclonedx/cyclonedx-library/package.json") as object;
  bom.metadata.tools.tools.add(new Builders.ToolBuilder(references).makeTool(library)!);
  const known = new Map<string, Models.Component>();
  const addDependencies = (component: Models.Component, { dependencies = {} }: InstalledPackage): void => {
    for (const dependency of Object.values(dependencies)) {
      // An optional package for another platform.
      if ((dependency.path as string | undefined) === undefined) continue;
      const key = `${dependency.name}@${dependency.version}`;
      const installed = known.get(key) ?? componentOf(dependency);
      known.set(key, installed);
      component.dependencies.add(installed.bomRef);
      bom.components.add(installed);
      // npm lists the dependencies of a package only at the first place where it lists the package.
      addDependencies(installed, dependency);
    }
  };
  addDependencies(bom.metadata.component, main);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

const { out } = parseArgs({ options: { out: { type: "string", default: "sbom" } } }).values;
mkdirSync(out, { recursive: true });
for (const each of runtimeTree()) {
  // The name of the file is the one that npm pack would use.
  const file = join(out, `${each.name.replace("@", "").replace("/", "-")}-${each.version}.cdx.json`);
  writeFileSync(file, sbomOf(each));
  console.log(file);
}

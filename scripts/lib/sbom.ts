import { realpathSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Contrib, Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { bundledPackages } from "./bundled-packages.ts";
import { publicPackages } from "./packages.ts";
import type { InstalledPackage } from "./runtime-tree.ts";

const references = new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory();
const components = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(
  references,
  new Contrib.License.Factories.LicenseFactory((expression) => {
    throw new Error(`${expression} is not the SPDX identifier of one license`);
  }),
);
const tools = new Contrib.FromNodePackageJson.Builders.ToolBuilder(references);
const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));

/**
 * The CycloneDX document of a published package: the package, the packages whose code is in its files, and the ones that npm installs with it.
 * It has no serial number and no time, so the same commit gives the same document.
 */
export async function sbomOf(published: InstalledPackage): Promise<string> {
  const bom = new Models.Bom();
  const main = componentOf(published);
  await addBundled(main, published);
  bom.metadata.component = main;
  bom.metadata.lifecycles.add(Enums.LifecyclePhase.Build);
  bom.metadata.tools.tools.add(library());

  const known = new Map<string, Models.Component>();
  const addDependencies = async (
    component: Models.Component,
    { dependencies = {} }: InstalledPackage,
  ): Promise<void> => {
    for (const dependency of Object.values(dependencies)) {
      const key = purlOf(dependency);
      const installed = known.get(key) ?? componentOf(dependency);
      component.dependencies.add(installed.bomRef);
      if (!known.has(key)) {
        known.set(key, installed);
        bom.components.add(installed);
        await addBundled(installed, dependency);
      }
      // npm lists the dependencies of a package only at the first place where it lists the package.
      await addDependencies(installed, dependency);
    }
  };
  await addDependencies(main, published);
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** Adds the packages whose code our build puts into a package of this repository. */
async function addBundled(component: Models.Component, { name, path }: InstalledPackage): Promise<void> {
  if (!publicPackages().some((published) => published.name === name)) return;
  for (const folder of await bundledPackages(realpathSync(path))) {
    const bundled = componentOf(readManifest(folder));
    bundled.bomRef.value = `${component.bomRef.value}|${bundled.purl}`;
    bundled.properties.add(new Models.Property("cdx:npm:package:bundled", "true"));
    component.components.add(bundled);
  }
}

function componentOf(manifest: Omit<InstalledPackage, "path">): Models.Component {
  const component = components.makeComponent(manifest);
  if (component === undefined) throw new Error(`a package has no name: ${JSON.stringify(manifest)}`);
  component.purl = purlOf(manifest);
  component.bomRef.value = component.purl;
  if (manifest.integrity !== undefined) {
    component.hashes.set(...Contrib.FromNodePackageJson.Utils.parsePackageIntegrity(manifest.integrity));
  }
  return component;
}

/** The package URL. The names and versions of npm need no other escape. */
function purlOf({ name, version }: Pick<InstalledPackage, "name" | "version">): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function library(): Models.Tool {
  const path = createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json");
  const tool = tools.makeTool(readManifest(join(path, "..")));
  if (tool === undefined) throw new Error(`${path} has no name`);
  return tool;
}

function readManifest(folder: string): InstalledPackage {
  return { ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")), path: folder };
}

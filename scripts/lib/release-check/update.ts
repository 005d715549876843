import { readFileSync } from "node:fs";
import { join } from "node:path";
import { namesToInstall } from "../blocks/snippets.ts";
import { versionsOf } from "../packages.ts";
import { Project } from "./project.ts";
import type { Registry } from "./registry.ts";
import { publishPackages } from "./release.ts";
import { addMinorChangeset, versionPackages } from "./repository-copy.ts";
import { serveReadme } from "./trials.ts";

/**
 * Releases a minor version of only core, after an app has installed the release before it. The adapters may
 * change in their patch version only, and `npm update` must give the app the new core, once. Returns the
 * versions that changed.
 */
export async function updateToMinorOfCore(options: {
  folder: string;
  registry: Registry;
  copy: string;
}): Promise<string[]> {
  const { copy, registry } = options;
  const project = new Project({
    ...options,
    folder: join(options.folder, "updated"),
    manager: "npm",
    node: "22",
  });
  await project.install(...namesToInstall("packages/fastify/README.md"));

  const before = versionsOf(copy);
  await addMinorChangeset(copy, "@sockact/core");
  await versionPackages(copy);
  const after = versionsOf(copy);
  const changed = Object.keys(after).filter((name) => before[name] !== after[name]);
  for (const name of changed.filter((each) => each !== "@sockact/core")) {
    const minor = (version = ""): string => version.split(".").slice(0, 2).join(".");
    if (minor(before[name]) !== minor(after[name])) {
      throw new Error(`A minor of @sockact/core alone takes ${name} from ${before[name]} to ${after[name]}.`);
    }
  }
  await publishPackages(copy, registry);

  await project.run("npm", "update");
  const { packages } = JSON.parse(readFileSync(join(project.folder, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  const copies = Object.entries(packages).filter(([path]) => path.endsWith("node_modules/@sockact/core"));
  const versions = copies.map(([, { version }]) => version).join(", ");
  if (versions !== after["@sockact/core"]) {
    throw new Error(
      `After npm update, the app must have @sockact/core ${after["@sockact/core"]} once. It has ${versions}.`,
    );
  }
  await serveReadme("fastify", "ES module")(project);
  return changed.map((name) => `${name} ${before[name]} → ${after[name]}`);
}

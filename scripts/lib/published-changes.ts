import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { manifestAt } from "./changesets-in-history.ts";
import { changedFiles, textAt } from "./git.ts";
import { specifiersIn } from "./imports.ts";
import { INSTALL_SCRIPTS, type Manifest, type Package } from "./packages.ts";

/** The fields without an effect on a user's code. They are for people, or for those who work on the package. */
const WITHOUT_EFFECT = new Set([
  "author",
  "bugs",
  "contributors",
  "description",
  "devDependencies",
  "funding",
  "homepage",
  "keywords",
  "license",
  "repository",
  "version",
]);

/** The files besides the sources on which the published code depends. */
const BUILD = ["scripts/build.mjs", "scripts/lib/bundle-input.mjs", "tsconfig.base.json"];
const BUNDLERS = ["rolldown", "rolldown-plugin-dts"];

/**
 * The changes since a commit or tree that affect the published files of a package: in its sources, in the `files` of its manifest, in the packages
 * whose code the build puts into its files, and in the build itself. Each item is a path from the root, followed by the changed fields for a manifest.
 */
export function publishedChanges(
  root: string,
  each: Package,
  packages: readonly Package[],
  since: string,
): string[] {
  const { name, folder, manifest } = each;
  const changed = changedFiles(root, since);
  const published = [join(folder, "src"), ...(manifest.files ?? []).map((file) => join(folder, file))];
  const isIn = (file: string, parents: readonly string[]) =>
    parents.some((parent) => file === parent || file.startsWith(`${parent}/`));
  const own = changed.filter((file) => isIn(file, published) && !file.endsWith(".test.ts"));
  const bundled = bundledPackages(each, packages).map((other) => join(other.folder, "src"));
  const others = changed.filter((file) => isIn(file, bundled) && !file.endsWith(".test.ts"));
  const file = join(folder, "package.json");
  const fields = changed.includes(file) ? changedFields(manifestAt(root, since, file), manifest) : [];
  return [
    ...own,
    ...(fields.length > 0 ? [`${file} (${fields.join(", ")})`] : []),
    ...others.map((other) => `${other} (the build puts it into ${name})`),
    ...buildChanges(root, changed, since).map((change) => `${change} (it makes the published files)`),
  ];
}

/** The packages of this repository that a package imports but does not depend on. The build puts their code into its files. */
function bundledPackages({ name, path, manifest }: Package, packages: readonly Package[]): Package[] {
  const sources = readdirSync(join(path, "src"), { recursive: true, encoding: "utf8" });
  const imported = new Set(
    sources
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .flatMap((file) => specifiersIn(join(path, "src", file))),
  );
  const installed = { ...manifest.dependencies, ...manifest.peerDependencies };
  return packages.filter(
    (other) =>
      other.name !== name &&
      !(other.name in installed) &&
      [...imported].some((specifier) => specifier === other.name || specifier.startsWith(`${other.name}/`)),
  );
}

/** The changes of the build. They may affect every package, and only a comparison of the built files shows which ones. */
function buildChanges(root: string, changed: readonly string[], since: string): string[] {
  const lockfile = "package-lock.json";
  const files = changed.filter((file) => BUILD.includes(file));
  if (!changed.includes(lockfile)) return files;
  const versionsIn = (text: string): (string | undefined)[] => {
    const { packages } = JSON.parse(text) as { packages?: Record<string, { version?: string }> };
    return BUNDLERS.map((name) => packages?.[`node_modules/${name}`]?.version);
  };
  const before = versionsIn(textAt(root, since, lockfile) ?? "{}");
  const now = versionsIn(readFileSync(join(root, lockfile), "utf8"));
  const updated = BUNDLERS.filter((_, index) => before[index] !== now[index]);
  return [...files, ...(updated.length > 0 ? [`${lockfile} (${updated.join(", ")})`] : [])];
}

/** The fields with an effect that differ. A package that is new, or was private, is published as a whole. */
function changedFields(before: Manifest | undefined, after: Manifest): string[] {
  if (!before) return ["new"];
  const effective = (manifest: Manifest): Manifest => ({
    ...manifest,
    scripts: Object.fromEntries(
      Object.entries(manifest.scripts ?? {}).filter(([name]) => INSTALL_SCRIPTS.includes(name)),
    ),
  });
  const [old, current] = [effective(before), effective(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(current)])].filter(
    (field) => !WITHOUT_EFFECT.has(field) && JSON.stringify(old[field]) !== JSON.stringify(current[field]),
  );
}

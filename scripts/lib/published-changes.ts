import { readdirSync } from "node:fs";
import { join } from "node:path";
import { changedFiles, gitLines, textAt } from "./git.ts";
import { specifiersIn } from "./imports.ts";
import type { Manifest, Package } from "./packages.ts";

/** The fields that change nothing for the code of a user: they are read by people, or by those who work on the package. */
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

/** The scripts that npm runs when somebody installs the package. */
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"];

/** The commit that gave a package the version that it has now, or undefined for a version that it has had from the beginning. */
export function commitOfVersion(root: string, { folder }: Package): string | undefined {
  const file = join(folder, "package.json");
  const versionAt = (commit: string) => manifestAt(root, commit, file)?.version;
  return gitLines(root, "log", "--format=%H", '-G"version":', "--", file).find((commit) => {
    const before = versionAt(`${commit}^`);
    return before !== undefined && before !== versionAt(commit);
  });
}

/**
 * What has changed, since a commit or tree, in the files that npm publishes of a package: its sources, what `files` of its manifest names, and the packages
 * whose code the build puts into its files. Each item is a path from the root, followed by the changed fields for a manifest.
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
  ];
}

/** The packages of this repository that a package imports without depending on them: the build puts their code into its files. */
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

function manifestAt(root: string, commit: string, file: string): Manifest | undefined {
  const text = textAt(root, commit, file);
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
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

import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** The fields of package.json that affect a bundle. */
interface PackageFields {
  type?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  gypfile?: boolean;
  binary?: unknown;
  napi?: unknown;
}

/** Packages that search for a native addon relative to the calling file. */
const addonLoaders =
  /^(?:bindings|node-gyp-build|node-gyp-build-optional-packages|@mapbox\/node-pre-gyp|node-pre-gyp|prebuild-install|pkg-prebuilds)$/;

/**
 * Tracing packages that change the result of `require()` and `import`. They would not see modules in a
 * bundle.
 */
export const tracers = [
  "require-in-the-middle",
  "import-in-the-middle",
  "dd-trace",
  "newrelic",
  "elastic-apm-node",
  "@appsignal/nodejs",
  "v8-compile-cache",
];

/** Packages that load all files in a folder of the app. */
export const folderLoaders = [
  "@fastify/autoload",
  "fastify-autoload",
  "consign",
  "express-load",
  "include-all",
  "require-all",
  "require-dir",
  "require-directory",
  "requireindex",
  "@feathersjs/configuration",
  "typeorm",
  "moleculer",
];

/** The folder of the package that contains a file. Undefined for a file of the app. */
export function packageFolderOf(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

/** The name of the package in a folder of `node_modules`. */
export const packageNameOf = (folder: string): string =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(folder)![1]!;

const known = new Map<string, PackageFields>();

function fieldsOf(folder: string): PackageFields {
  const before = known.get(folder);
  if (before !== undefined) return before;
  let fields: PackageFields = {};
  try {
    fields = (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageFields | null) ?? {};
  } catch {
    // Such a package has no dependencies that Node finds by name.
  }
  known.set(folder, fields);
  return fields;
}

/** Whether Node reads a file as an ES module. */
export function isModuleFile(path: string): boolean {
  if (!path.endsWith(".js")) return path.endsWith(".mjs");
  for (let at = dirname(path); at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, "package.json"))) return fieldsOf(at).type === "module";
  return false;
}

/** Whether a package is, or loads, a native addon. */
export function isNative(folder: string): boolean {
  const { gypfile, binary, napi, dependencies, optionalDependencies } = fieldsOf(folder);
  const needed = Object.keys({ ...dependencies, ...optionalDependencies });
  if (gypfile === true || binary !== undefined || napi !== undefined) return true;
  if (needed.some((name) => addonLoaders.test(name))) return true;
  return readdirSync(folder).some((name) => name === "binding.gyp" || name.endsWith(".node"));
}

/**
 * A package and its dependencies. If it stays outside a bundle, so do they: otherwise they would run twice.
 */
export function withDependencies(folder: string): string[] {
  const found = new Set([folder]);
  for (const one of found) {
    const { dependencies, optionalDependencies, peerDependencies } = fieldsOf(one);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const needed = installed(name, one);
      if (needed !== undefined) found.add(needed);
    }
  }
  return [...found];
}

/** The folder of the package of this name that code in another folder gets. */
export function installed(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (existsSync(folder)) return realpathSync(folder);
    if (at === dirname(at)) return undefined;
  }
}

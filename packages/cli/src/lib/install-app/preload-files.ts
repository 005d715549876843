import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CliError } from "../shared/cli-error.ts";

/** A file to be written along with the units. */
interface CopiedFile {
  path: string;
  text: Buffer;
  mode: number;
}

/** The preload as the service loads it, and the files that are copied for it. */
export interface PreloadCopy {
  /** The absolute path for `--require`. */
  path: string;
  files: CopiedFile[];
}

/**
 * The preload's own files, to be copied to a folder that the service can read: what npx has downloaded is in a cache that only its user may read,
 * and that npm may clear. The copies lie as npm would install them.
 *
 * @param folder the absolute path of a folder that belongs to the service alone
 */
export function preloadCopy(folder: string): PreloadCopy {
  const register = packageOf(import.meta.url, "@sockact/register");
  // Register needs core, which may be installed in its own folder.
  const core = packageOf(register.entry, "@sockact/core/preload");
  const modules = join(folder, "node_modules");
  return {
    path: join(modules, "@sockact/register/dist/index.cjs"),
    files: [
      ...filesOf(register.folder, join(modules, "@sockact/register")),
      ...filesOf(core.folder, join(modules, "@sockact/core")),
    ],
  };
}

function packageOf(from: string, name: string): { entry: string; folder: string } {
  try {
    const entry = createRequire(from).resolve(name);
    // Each entry point is in dist.
    return { entry, folder: dirname(dirname(entry)) };
  } catch (cause) {
    throw new CliError(
      "ERR_INSTALL_PRELOAD",
      `the app has no line of sockact, so it needs @sockact/register, of which ${name} was not found`,
      "Install sockact again; or add @sockact/register to the app: npm install @sockact/register",
      { cause },
    );
  }
}

function filesOf(source: string, target: string): CopiedFile[] {
  const names = readdirSync(join(source, "dist")).filter((name) => name.endsWith(".cjs"));
  return ["package.json", ...names.map((name) => join("dist", name))].map((name) => ({
    path: join(target, name),
    text: readFileSync(join(source, name)),
    mode: 0o644,
  }));
}

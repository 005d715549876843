import { existsSync, lstatSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError } from "../shared/cli-error.ts";
import { readJsonFile } from "../shared/read-file.ts";

/** The fields of a package.json that are used. */
export interface Manifest {
  name: string | undefined;
  main: string | undefined;
  type: string | undefined;
  scripts: Readonly<Record<string, string>>;
  /** All kinds of dependencies. */
  dependencies: Readonly<Record<string, string>>;
}

/**
 * The package's folder: the nearest parent with a package.json, or the folder itself. A package.json further
 * up must belong to the folder's owner or root. In a shared folder, another user could describe the app.
 */
export function packageFolder(folder: string): string {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  for (let at = folder; ; at = dirname(at)) {
    const uid = ownerOf(join(at, "package.json"));
    if (uid !== undefined && (at === folder || uid === 0 || uid === owner)) return at;
    if (dirname(at) === at) return folder;
  }
}

/** The owner of a file, or of a link to it. Undefined if it does not exist. */
function ownerOf(path: string): number | undefined {
  return existsSync(path) ? lstatSync(path, { throwIfNoEntry: false })?.uid : undefined;
}

/** Reads the package.json of a folder, if it has one. */
export function readManifest(folder: string): Manifest {
  const file = join(folder, "package.json");
  try {
    const read = (existsSync(file) ? readJsonFile(file) : {}) as Record<string, unknown>;
    const text = (key: string): string | undefined => (typeof read[key] === "string" ? read[key] : undefined);
    const texts = (key: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(read[key] ?? {}).filter(
          (entry): entry is [string, string] => typeof entry[1] === "string",
        ),
      );
    return {
      name: text("name"),
      main: text("main"),
      type: text("type"),
      scripts: texts("scripts"),
      dependencies: {
        ...texts("devDependencies"),
        ...texts("optionalDependencies"),
        ...texts("dependencies"),
      },
    };
  } catch (cause) {
    throw new CliError(
      "SOCKACT_ERR_APP_MANIFEST",
      `can't read ${file}: ${(cause as Error).message}`,
      "Correct the file.",
      { cause },
    );
  }
}

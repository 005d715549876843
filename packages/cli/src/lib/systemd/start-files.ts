import { access, readFile } from "node:fs/promises";
import { liesIn } from "../shared/folders.ts";
import { listOf } from "../shared/properties.ts";
import { assignmentsIn } from "../shared/unit-text.ts";
import type { ServiceManager } from "./service-manager.ts";

/** A file that systemd reads at each start, and that does not exist. */
export interface MissingFile {
  directive: string;
  path: string;
}

/**
 * The files that a start needs and that do not exist, in the texts of a service and its drop-ins, in their
 * order.
 */
export async function missingStartFiles(texts: readonly string[]): Promise<MissingFile[]> {
  const credentials = new Map<string, MissingFile>();
  const given = new Set<string>();
  let environment: MissingFile[] = [];
  for (const { key: directive, value } of texts.flatMap(assignmentsIn)) {
    const [id = "", path = ""] = value.split(/:(.*)/s);
    if (directive.startsWith("LoadCredential")) {
      if (value === "") credentials.clear();
      // systemd does not need a file in its own folders, which has no path here.
      else if (path.startsWith("/")) credentials.set(id, { directive, path });
    } else if (directive.startsWith("SetCredential")) given.add(id);
    else if (directive === "EnvironmentFile")
      environment = value === "" ? [] : [...environment, { directive, path: value }];
  }
  // The value of SetCredential= replaces a missing file; see systemd.exec(5).
  const needed = [...credentials].flatMap(([id, file]) => (given.has(id) ? [] : [file]));
  const files = [...needed, ...environment.filter(({ path }) => /^\/[^*?[]*$/.test(path))];
  const missing = await Promise.all(
    files.map(async ({ directive, path }) => {
      // The value of another specifier is not known here.
      if (/%(?!%)/.test(path.replaceAll("%%", ""))) return [];
      const found = path.replaceAll("%%", "%");
      // Another unit may create a file in /run just before the start.
      return !liesIn("/run", found) && (await isMissing(found)) ? [{ directive, path: found }] : [];
    }),
  );
  return missing.flat();
}

async function isMissing(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === "ENOENT" || code === "ENOTDIR",
  );
}

/** What is wrong, as a clause. */
export const missingFilesText = (files: readonly MissingFile[]): string =>
  files.map(({ directive, path }) => `${directive}= names ${path}, which does not exist`).join(", and ");

/** The files that the next start of a loaded service needs and that do not exist. */
export async function missingStartFilesOf(manager: ServiceManager, service: string): Promise<MissingFile[]> {
  const [shown] = await manager.show([service], ["FragmentPath", "DropInPaths"]);
  const paths = [shown?.FragmentPath ?? "", ...listOf(shown?.DropInPaths ?? "")].filter(Boolean);
  // A file that this user may not read is not checked.
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8").catch(() => "")));
  return missingStartFiles(texts);
}

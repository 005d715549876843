import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { bundleInput } from "./bundle-input.mjs";

/** The folders of the other packages whose code the build puts into the files of the package in a folder. */
export async function bundledPackages(folder: string): Promise<string[]> {
  const { entries, external, resolve } = bundleInput(folder);
  const bundle = await rolldown({ cwd: folder, input: entries, external, resolve, platform: "node" });
  const { output } = await bundle.generate({ format: "cjs", exports: "named" });
  await bundle.close();
  const files = output.flatMap((chunk) => (chunk.type === "chunk" ? Object.keys(chunk.modules) : []));
  // The names of rolldown's own helpers are not paths.
  const folders = new Set(files.filter((file) => file.startsWith("/")).map(packageFolder));
  folders.delete(folder);
  return [...folders].toSorted();
}

/** The folder of the package that a file belongs to. */
function packageFolder(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    try {
      // A package.json without a name only sets the kind of modules in a folder.
      if (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name !== undefined) return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || folder === "/") throw error;
    }
  }
}

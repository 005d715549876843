// Prints what the current process can read. The installer has systemd run it briefly as the service's user,
// in the service's sandbox. It is passed to Node as a string, because that user may not be able to read this
// package. So it imports only Node's modules. With default imports, the build would add another file.
import { accessSync, constants, type Dirent, existsSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import type { Closed, Seen, Wanted } from "../lib/install-app/access/probe.ts";

const { paths, folder, packages, useful, written } = JSON.parse(argv[1] as string) as Wanted;

/** How many files and packages to check. A large app has more, and each takes about 10 µs. */
let left = 5_000;

function codeOf(file: string, wanted = constants.R_OK): string | undefined {
  try {
    accessSync(file, statSync(file).isDirectory() ? wanted | constants.X_OK : wanted);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown";
  }
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // If that matters, the folder itself is among the paths.
    return [];
  }
}

function closedIn(files: readonly string[], wanted?: number): Closed[] {
  return files.flatMap((path) => {
    const code = codeOf(path, wanted);
    return code === undefined ? [] : [{ path, code }];
  });
}

/** The packages in a node_modules folder. */
function packagesIn(directory: string): string[] {
  return entriesOf(directory).flatMap(({ name }) => {
    if (name.startsWith(".")) return [];
    const whole = join(directory, name);
    return name.startsWith("@") ? entriesOf(whole).map((entry) => join(whole, entry.name)) : [whole];
  });
}

function closedPackages(): Closed[] {
  return packages.flatMap(packagesIn).flatMap((folderOfPackage) => {
    if ((left -= 1) < 0) return [];
    const code = codeOf(join(folderOfPackage, "package.json"));
    if (code === undefined) return [];
    // A folder without this file is not a package.
    if (code === "ENOENT" && existsSync(folderOfPackage)) return [];
    return [{ path: folderOfPackage, code }];
  });
}

function closedFiles(): Closed[] {
  const closed = useful.flatMap((path): Closed[] => {
    const code = codeOf(path);
    return code === undefined || code === "ENOENT" ? [] : [{ path, code }];
  });
  const folders = folder === undefined ? [] : [folder];
  for (const directory of folders) {
    for (const entry of entriesOf(directory)) {
      if (entry.name === "node_modules" || entry.name === ".git" || (left -= 1) < 0) continue;
      const file = join(directory, entry.name);
      if (useful.includes(file)) continue;
      const code = codeOf(file);
      if (code === undefined && entry.isDirectory()) folders.push(file);
      if (code !== undefined && code !== "ENOENT") closed.push({ path: file, code });
    }
  }
  return closed;
}

const seen: Seen = {
  closed: [...closedIn(paths), ...closedPackages()],
  closedFiles: closedFiles(),
  unwritable: closedIn(written, constants.W_OK),
};
writeSync(1, JSON.stringify(seen));

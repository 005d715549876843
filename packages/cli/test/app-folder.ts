// Folders with files, for the tests of what looks at an app.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A file in a folder: a string or bytes; an object, which becomes JSON; or a symbolic link. */
export type Files = Readonly<Record<string, string | object | { readonly link: string }>>;

/** Makes a folder with these files, which goes when the test ends. Its path has a space. */
export function folderWith(files: Files, parent = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(join(parent, "sockact app ")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // Others may look in, as users that a test becomes do.
  chmodSync(folder, 0o755);
  writeFiles(folder, files);
  return folder;
}

/**
 * A folder with an app that a service can see: not in `/tmp`, nor in a home. Every user may make folders in
 * `/dev/shm`.
 */
export const appThatServicesSee = (files: Files): string => folderWith(files, "/dev/shm");

/** Writes files into a folder. */
function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(path, content);
    else if ("link" in content) symlinkSync((content as { link: string }).link, path);
    else writeFileSync(path, JSON.stringify(content));
  }
}

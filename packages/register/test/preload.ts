import { fileURLToPath } from "node:url";

/** The file that unit files name: what npm publishes, for `--require`. */
export const PRELOAD = fileURLToPath(new URL("../dist/index.cjs", import.meta.url));

/** A file of a test's app. */
export function appFile(file: string): string {
  return fileURLToPath(new URL(`apps/${file}`, import.meta.url));
}

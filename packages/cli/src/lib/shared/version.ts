import { readFileSync } from "node:fs";

/** The version of this package. */
export function packageVersion(): string {
  // This file is bundled into a file of dist/ when it runs.
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

import { readFileSync } from "node:fs";

/** The version of this package. */
export function ownVersion(): string {
  // This code is in a file of dist/ when it runs.
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

import { readFileSync } from "node:fs";

/** The version of this package. */
export function ownVersion(): string {
  // At run time, this code is in a file of dist/.
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

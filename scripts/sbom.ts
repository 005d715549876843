// npm run sbom -- [--out DIR]: writes a bill of materials for each published package, NAME-VERSION.cdx.json in CycloneDX's format.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { runtimeTree } from "./lib/runtime-tree.ts";
import { sbomOf } from "./lib/sbom.ts";

const usage = "npm run sbom -- [--out DIR]   DIR is sbom by default";

function readOptions(): { out: string; help: boolean } {
  try {
    const options = {
      out: { type: "string", default: "sbom" },
      help: { type: "boolean", default: false },
    } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return process.exit(2);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    console.error(
      `--out ${folder}: the folder can't be made (${(error as Error).message}). Name a folder, not a file.\n${usage}`,
    );
    process.exit(2);
  }
}

const { out, help } = readOptions();
if (help) {
  console.log(usage);
} else {
  makeFolder(out);
  for (const published of runtimeTree()) {
    // The file has the name that npm pack would give it.
    const file = join(
      out,
      `${published.name.replace("@", "").replace("/", "-")}-${published.version}.cdx.json`,
    );
    writeFileSync(file, await sbomOf(published));
    console.log(file);
  }
}

// Writes the unit files of this app into a folder, and says which: node write-units.js FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { emitUnits } from "@sockact/units";
import description from "./sockact.config.js";

const folder = process.argv[2] ?? ".";
for (const [name, text] of Object.entries(emitUnits(description, { comments: true }))) {
  writeFileSync(join(folder, name), text);
  console.log(join(folder, name));
}

import { readFileSync } from "node:fs";
import { fixUnits, lintUnits } from "@sockact/units";

const names = ["shop.socket", "shop.service"];
const files = Object.fromEntries(names.map((name) => [name, readFileSync(name, "utf8")]));
for (const { file, line, severity, code, message, fix } of lintUnits(files))
  console.log(`${file}:${line} ${severity} ${code}: ${message}\n  ${fix}`);
console.log(fixUnits(files)["shop.service"]);

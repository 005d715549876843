// npm run bench: lists what can be measured. npm run bench -- NAME [options]: measures it.
//
// Each file of the folder benches is one. Its first line says what it measures.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

const folder = new URL("benches/", import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.ts$/, ""));
const [name] = process.argv.splice(2, 1);

if (name !== undefined && names.includes(name)) {
  await import(new URL(`${name}.ts`, folder).href);
} else {
  if (name !== undefined) console.error(`Unknown bench: ${name}`);
  console.log("npm run bench -- NAME [options]\n");
  for (const each of names) {
    const [description = ""] = readFileSync(new URL(`${each}.ts`, folder), "utf8").split("\n");
    console.log(`  ${each.padEnd(10)}${description.replace(/^\/\/ /, "")}`);
  }
  process.exitCode = name === undefined ? 0 : 2;
}

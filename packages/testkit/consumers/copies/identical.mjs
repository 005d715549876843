// Prints which exports of these packages differ between import and require().
import { createRequire } from "node:module";
import process from "node:process";

const require = createRequire(import.meta.url);
const different = {};
for (const entryPoint of process.argv.slice(2)) {
  const imported = await import(entryPoint);
  const required = require(entryPoint);
  different[entryPoint] = Object.keys(required).filter((name) => required[name] !== imported[name]);
}
console.log(JSON.stringify(different));

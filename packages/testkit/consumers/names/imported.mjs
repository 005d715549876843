// Prints the names that can be imported from these packages.
import process from "node:process";

const names = {};
for (const entryPoint of process.argv.slice(2)) {
  // Node adds this one when it imports CommonJS.
  names[entryPoint] = Object.keys(await import(entryPoint)).filter((name) => name !== "module.exports");
  names[entryPoint].sort();
}
console.log(JSON.stringify(names));

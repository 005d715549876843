// Prints what these packages export to require().
const process = require("node:process");

const names = {};
for (const entryPoint of process.argv.slice(2)) names[entryPoint] = Object.keys(require(entryPoint)).sort();
console.log(JSON.stringify(names));

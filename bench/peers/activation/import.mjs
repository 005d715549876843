// Prints how long the import of MODULE takes, and its CPU time, in milliseconds: node import.mjs MODULE [IMPORTED_BEFORE …]
import process from "node:process";

const [module, ...before] = process.argv.slice(2);
for (const each of before) await import(each);
const [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
await import(module);
const time = Number(process.hrtime.bigint() - start) / 1e6;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ import: time, CPU: (user + system) / 1000 }));

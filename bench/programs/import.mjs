// Prints how long an import takes, and the CPU time of it, in milliseconds: node import.mjs MODULE [MODULE THAT IS THERE BEFORE …]
import process from "node:process";

const [module, ...before] = process.argv.slice(2);
for (const each of before) await import(each);
const [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
await import(module);
const time = Number(process.hrtime.bigint() - start) / 1e6;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ import: time, CPU: (user + system) / 1000 }));

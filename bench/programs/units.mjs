// Runs one function of @sockact/units again and again: node units.mjs INPUTS. INPUTS is a JSON file with the inputs of each size. For each line of
// its input, such as "lint 3 10" for the input 3 ten times, it prints how long that took.
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { emitUnits, fixUnits, lintUnits, parseUnit } from "@sockact/units";

const work = {
  emit: ({ descriptions }) => descriptions.map((description) => emitUnits(description)),
  parse: ({ files }) => Object.values(files).map((text) => parseUnit(text)),
  lint: ({ files }) => lintUnits(files),
  fix: ({ files }) => fixUnits(files),
};

const inputs = JSON.parse(readFileSync(process.argv[2], "utf8"));

for await (const line of createInterface({ input: process.stdin })) {
  const [name, index, times] = line.split(" ");
  const run = work[name];
  const started = process.cpuUsage();
  for (let count = 0; count < Number(times); count++) run(inputs[index]);
  const { user, system } = process.cpuUsage(started);
  process.stdout.write(`${JSON.stringify({ event: "done", milliseconds: (user + system) / 1000 })}\n`);
}

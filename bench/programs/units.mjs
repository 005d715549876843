// Runs one function of @sockact/units: node units.mjs INPUT emit|parse|lint|fix TIMES. INPUT is a JSON file. Prints how long one run takes.
import { readFileSync } from "node:fs";
import process from "node:process";
import { emitUnits, fixUnits, lintUnits, parseUnit } from "@sockact/units";

/** Until Node has compiled the function, it is slower. So it runs for so long before it is measured, in milliseconds. */
const WARM_UP = 300;

const [file, name, times] = process.argv.slice(2);
const { files, descriptions = [] } = JSON.parse(readFileSync(file, "utf8"));
const all = { files, descriptions };
const few = {
  files: Object.fromEntries(Object.entries(files).slice(0, 40)),
  descriptions: descriptions.slice(0, 20),
};

const work = {
  emit: (input) => input.descriptions.forEach((description) => void emitUnits(description)),
  parse: (input) => Object.values(input.files).forEach((text) => void parseUnit(text)),
  lint: (input) => lintUnits(input.files),
  fix: (input) => fixUnits(input.files),
};
const run = work[name];

for (const started = performance.now(); performance.now() - started < WARM_UP;) run(few);
const before = process.cpuUsage();
for (let count = 0; count < Number(times); count++) run(all);
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  `${JSON.stringify({ event: "done", milliseconds: (user + system) / 1000 / Number(times) })}\n`,
);

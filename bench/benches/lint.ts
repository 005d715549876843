// How long the linter takes for unit files of four sizes: twice the size should take twice as long.
//
// npm run bench -- lint [SHAPE]
import process from "node:process";
import { parseArgs } from "node:util";
import { fixUnits, lintUnits, parseUnit } from "../../packages/units/src/index.ts";
import { shapes } from "../../packages/units/test/shapes.ts";

const KILOBYTES = [125, 250, 500, 1000];

const work = {
  lint: (files: Record<string, string>) => lintUnits(files),
  fix: (files: Record<string, string>) => fixUnits(files),
  parse: (files: Record<string, string>) => Object.values(files).map(parseUnit),
};

const [only] = parseArgs({ allowPositionals: true }).positionals;
const table: Record<string, Record<string, string>> = {};
for (const [shape, make] of Object.entries(shapes)) {
  if (only !== undefined && !shape.includes(only)) continue;
  for (const [name, run] of Object.entries(work)) {
    const times = KILOBYTES.map((size) => {
      const files = make(size * 1000);
      // CPU time, because other processes may use this machine too.
      const start = process.cpuUsage();
      run(files);
      return process.cpuUsage(start).user / 1000;
    });
    const row = Object.fromEntries(KILOBYTES.map((size, index) => [`${size} KB`, times[index]!.toFixed(0)]));
    // Compared with a quarter of the size: 4 means linear, 16 means quadratic.
    table[`${shape}: ${name}`] = { ...row, "1000 / 250": (times[3]! / times[1]!).toFixed(1) };
  }
}
console.log(`Node ${process.version}, milliseconds of the processor`);
console.table(table);

// npm run bench:report: writes the figures of docs/benchmarks.md and docs/benchmark-data.md, and the charts
// of docs/public/charts, from the runs in bench/results. The charts are in git, since GitHub shows them too. bench/report/report.test.ts
// compares all of it with what this program would write.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { chartsFolder, pageFiles, recordedRuns, reportFrom } from "./report/files.ts";

let report;
try {
  report = await reportFrom(process.argv[2] ?? recordedRuns, { mustExist: true });
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
const { page, data, charts } = report;
writeFileSync(pageFiles.page, page);
writeFileSync(pageFiles.data, data);
rmSync(chartsFolder, { recursive: true, force: true });
mkdirSync(chartsFolder, { recursive: true });
for (const [file, svg] of charts) writeFileSync(join(chartsFolder, file), svg);

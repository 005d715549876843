import process from "node:process";
import { runVitest } from "../../../../scripts/lib/vitest-on-node.ts";

const run = await runVitest(process.execPath, process.argv.slice(2));
console.log(`run: ${JSON.stringify(run)}`);

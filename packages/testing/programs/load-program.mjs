// One kind of load: node load-program.mjs KIND OPTIONS. Prints `running` once each client has had an answer,
// `round` for each input line once each client has had one more, and its `result` at the end of the input.
import process from "node:process";
import { createInterface } from "node:readline";
import { startLoad } from "./load/kinds.mjs";

const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const [kind, options] = process.argv.slice(2);
const load = await startLoad(kind, JSON.parse(options));
await load.round();
say("running");
for await (const _ of createInterface({ input: process.stdin })) {
  await load.round();
  say("round");
}
say("result", await load.stop());
process.exit();

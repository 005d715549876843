// One kind of load: node load-program.mjs KIND OPTIONS. It says `running` once each client has had an answer, `round` to each line of
// its input once each has had one more, and its `result` when the input has ended.
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

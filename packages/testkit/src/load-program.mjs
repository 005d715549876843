// One kind of load: node load-program.mjs KIND OPTIONS. It says `running` once each client has had an answer, `round` to each line of
// its input once each has had one more, and its `result` when the input has ended.
import process from "node:process";
import { createInterface } from "node:readline";
import * as browsers from "./load/browsers.mjs";
import * as busy from "./load/busy.mjs";
import * as download from "./load/download.mjs";
import * as idle from "./load/idle.mjs";
import * as thinking from "./load/thinking.mjs";
import * as upload from "./load/upload.mjs";
import * as webSockets from "./load/web-sockets.mjs";

const kinds = { browsers, busy, download, idle, thinking, upload, webSockets };
const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const [kind, options] = process.argv.slice(2);
const load = await kinds[kind].start(JSON.parse(options));
await load.round();
say("running");
for await (const _ of createInterface({ input: process.stdin })) {
  await load.round();
  say("round");
}
say("result", await load.stop());
process.exit();

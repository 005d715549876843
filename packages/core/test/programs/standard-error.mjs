// Writes lines of 100 kB to standard error, all in one turn of the event loop. It writes the last one when the pipe has room again.
import { readSync } from "node:fs";
import process from "node:process";
import { logEvent } from "@sockact/core/adapter";

const event = (letter) => logEvent({ type: "error", error: letter.repeat(100_000) });
// This makes a pipe non-blocking.
process.stderr.write("app\n");
for (const letter of "abc") event(letter);
console.log("written");
readSync(3, Buffer.alloc(1));
event("d");

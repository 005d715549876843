"use strict";
// Node requires this file before the app, in a run that looks for causes. It records what the app does, and changes
// nothing that the app sees.
//
// SOCKACT_PROVE_WITNESS=FOLDER  records to FOLDER/PID.jsonl, a JSON object on each line: `what` it is about, `at`
//   (milliseconds since the start of the process) and `places` (the innermost call first, without Node's own).
// SOCKACT_PROVE_PARTS=heap  measures only the memory: the rest of the witness needs some itself.
// It also answers /.well-known/sockact-prove/slow?ms=N, on each HTTP server of the app.
const { isMainThread } = require("node:worker_threads");
const { syncBuiltinESMExports } = require("node:module");

const folder = process.env.SOCKACT_PROVE_WITNESS;

/** An app must run as well without the witness, whatever it fails on. */
function install(part, ...args) {
  try {
    require(`./witness/${part}.cjs`).install(...args);
  } catch {}
}

if (folder && process.env.SOCKACT_PROVE_PARTS === "heap") {
  if (isMainThread) for (const part of ["record", "heap"]) install(part, folder);
} else if (folder) {
  if (isMainThread) install("slow");
  install("record", folder);
  for (const part of ["crashes", "files", "network"]) install(part);
  // A thread of the app has neither signals nor a process of its own.
  if (isMainThread)
    for (const part of ["active", "signals", "responses", "stops", "children", "start", "blocks", "ticks"])
      install(part, folder);
}
// The names that an ES module imports from Node are copies.
syncBuiltinESMExports();

"use strict";
// How much memory remains after a garbage collection, and where the most of it was allocated. The sampling profiler of
// V8 forgets what is collected.
const { Session } = require("node:inspector");
const { isOfApp, pathOf } = require("./record.cjs");
const { obeyer } = require("./obey.cjs");
const { quietly } = require("./wrap.cjs");

const { setInterval } = globalThis;
const TICK_MS = 100;
const SAMPLE_BYTES = 1024;
const PLACES_MAX = 12;
/** Packages, and the preload of sockact that `sockact install` copies. */
const OTHERS = /\/node_modules\/|^\/var\/lib\/sockact\/[^/]+\/files\//;

function install(folder) {
  const session = new Session();
  session.connect();
  let isSampling = false;

  const heap = () => {
    // What a finalizer frees is garbage only after it.
    for (let count = 0; count < 2; count++) session.post("HeapProfiler.collectGarbage");
    const { heapUsed, external } = process.memoryUsage();
    let places = [];
    if (isSampling)
      session.post("HeapProfiler.getSamplingProfile", (_, answer) => (places = placesOfMost(answer.profile)));
    else session.post("HeapProfiler.startSampling", { samplingInterval: SAMPLE_BYTES });
    isSampling = true;
    return { bytes: heapUsed + external, places };
  };
  const obey = obeyer(folder, { heap });
  setInterval(() => quietly(obey), TICK_MS).unref();
}

/**
 * Where the code of the app itself has allocated the most. What it has allocated itself says more than
 * what the packages that it calls have: they may have done it for the request that another function keeps.
 */
function placesOfMost({ head }) {
  const totals = new Map();
  const visit = ({ callFrame, selfSize, children }, callers) => {
    const file = pathOf(callFrame.url);
    const frames = isOfApp(file) ? [{ file, callFrame }, ...callers] : callers;
    const own = frames.find((frame) => !OTHERS.test(frame.file));
    if (own !== undefined && selfSize > 0) {
      const key = `${own.file}:${own.callFrame.lineNumber}:${own.callFrame.columnNumber}`;
      const known = totals.get(key) ?? { itself: 0, size: 0, frames };
      if (own === frames[0]) Object.assign(known, { itself: known.itself + selfSize, frames });
      known.size += selfSize;
      totals.set(key, known);
    }
    for (const child of children) visit(child, frames);
  };
  visit(head, []);
  const [most] = [...totals.values()].sort((a, b) => b.itself - a.itself || b.size - a.size);
  return (most?.frames ?? []).slice(0, PLACES_MAX).map(({ file, callFrame }) => ({
    file,
    line: callFrame.lineNumber + 1,
    column: callFrame.columnNumber + 1,
    function: callFrame.functionName,
  }));
}

module.exports = { install };

"use strict";
// What the start takes its time with.
const fs = require("node:fs");
const Module = require("node:module");
const { performance } = require("node:perf_hooks");
const { now, record } = require("./record.cjs");
const { before, quietly, wrap } = require("./wrap.cjs");
const { active } = require("./active.cjs");
const state = require("./state.cjs");

/** The time that each module took to load, without the modules that it loads itself. */
const modules = new Map();
/** How long the event loop had nothing to do but to wait for this, by kind and place. */
const waits = new Map();
const LONG_MS = 100;

function install() {
  let nested = 0;
  wrap(Module, "_load", (original, self, args) => {
    const outer = nested;
    const from = now();
    nested = 0;
    try {
      return Reflect.apply(original, self, args);
    } finally {
      const took = now() - from;
      const alone = took - nested;
      nested = outer + took;
      if (alone > 10 && !state.isListening) {
        const file = quietly(() => Module._resolveFilename(args[0], args[1])) ?? String(args[0]);
        modules.set(file, (modules.get(file) ?? 0) + alone);
      }
    }
  });
  // sockact tells systemd by the descriptor that the unit opens.
  wrap(
    fs,
    "writeSync",
    before((_, [, text]) => {
      if (typeof text === "string" && text.startsWith("READY=1")) record("ready", facts());
    }),
  );
  state.onListening = () => {
    if (state.isListening) return;
    state.isListening = true;
    record("start", facts());
  };
}

function facts() {
  const { user, system } = process.cpuUsage();
  const longest = (map, toItem) =>
    [...map]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5)
      .map(toItem);
  return {
    isListening: state.isListening,
    /** When the event loop began: what a CommonJS app does before is synchronous. */
    loop: Math.round(performance.nodeTiming.loopStart),
    cpu: Math.round((user + system) / 1000),
    modules: longest(modules, ([file, ms]) => ({ file, ms: Math.round(ms) })),
    waits: [...waits.values()]
      .filter(({ ms }) => ms >= LONG_MS)
      .sort((a, b) => b.ms - a.ms)
      .slice(0, 5),
  };
}

/** Called now and then until the app listens: what it waits for, for how long. */
function onWait(ms) {
  for (const item of active()) {
    const [place] = item.places;
    if (place === undefined) continue;
    const key = `${item.kind} ${place.file}:${place.line}`;
    const known = waits.get(key) ?? { ...item, ms: 0 };
    known.ms += Math.round(ms);
    waits.set(key, known);
  }
}

module.exports = { install, onWait, facts };

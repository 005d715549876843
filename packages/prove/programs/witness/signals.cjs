"use strict";
// When a signal comes, and which listeners it has. The witness adds none: a listener would change what a signal does.
const { createHook } = require("node:async_hooks");
const { record, trace, placesOf } = require("./record.cjs");
const { quietly, wrap } = require("./wrap.cjs");
const state = require("./state.cjs");

const SIGNALS = new Set(["SIGTERM", "SIGINT", "SIGHUP", "SIGABRT"]);
/** Where a listener was added. */
const added = new WeakMap();
/** The signal of each handle: Node makes one with the first listener of a signal. */
const handles = new Map();
/** The signal whose first listener is being added. */
let adding;

function onSignal(signal) {
  if (signal === "SIGTERM" || signal === "SIGINT") state.stop ??= { signal, at: Date.now() };
  const listeners = process.rawListeners(signal).map((listener) => {
    const stack = added.get(listener.listener ?? listener);
    return { name: (listener.listener ?? listener).name, places: stack === undefined ? [] : placesOf(stack) };
  });
  record("signal", { signal, underWay: state.underWay(), listeners });
  if (state.stop?.signal === signal) state.onStop?.();
}

function install() {
  wrap(process, "emit", (original, self, args) => {
    if (args[0] !== "newListener" || !SIGNALS.has(args[1])) return Reflect.apply(original, self, args);
    quietly(() => {
      const listener = args[2]?.listener ?? args[2];
      if (!added.has(listener)) added.set(listener, trace());
    });
    adding = args[1];
    try {
      return Reflect.apply(original, self, args);
    } finally {
      adding = undefined;
    }
  });
  createHook({
    init(id, type) {
      if (type === "SIGNALWRAP" && adding !== undefined) handles.set(id, adding);
    },
    // sockact may hold the event back from the listeners, but not from the handle.
    before(id) {
      const signal = handles.size > 0 ? handles.get(id) : undefined;
      if (signal !== undefined) quietly(() => onSignal(signal));
    },
    destroy(id) {
      handles.delete(id);
    },
    trackPromises: false,
  }).enable();
}

module.exports = { install };

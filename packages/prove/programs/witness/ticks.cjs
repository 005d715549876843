"use strict";
// What the witness does now and then. Its timer does not keep the app awake.
const { now, record } = require("./record.cjs");
const { quietly } = require("./wrap.cjs");
const { active, descriptors } = require("./active.cjs");
const { obeyer } = require("./obey.cjs");
const blocks = require("./blocks.cjs");
const start = require("./start.cjs");
const state = require("./state.cjs");

const { setInterval } = globalThis;
const TICK_MS = 50;
/** When to say what keeps the process alive after a signal, in milliseconds. */
const AWAKE_MS = [500, 1500, 3000, 5000, 8000, 12_000, 20_000, 40_000, 80_000];
/** When to say what the app waits for, if it does not listen. */
const LATE_MS = [3000, 10_000, 30_000, 60_000, 120_000];

const answers = {
  open: descriptors,
  awake: () => ({ afterSignal: state.stop?.signal, active: active() }),
};

function install(folder) {
  const obey = obeyer(folder, answers);
  const awake = [...AWAKE_MS];
  const late = [...LATE_MS];
  let last = now();
  let ticks = 0;

  const tick = () => {
    const at = now();
    blocks.onTurn(last);
    if (!state.isListening) {
      // A longer time was a block.
      if (at - last < 4 * TICK_MS) start.onWait(at - last);
      if (at > late[0]) record("start", { ...start.facts(), late: late.shift() });
    }
    last = at;
    if (state.stop !== undefined && Date.now() - state.stop.at > awake[0]) {
      record("awake", {
        afterSignal: state.stop.signal,
        sinceSignal: Date.now() - state.stop.at,
        underWay: state.underWay(),
        active: active(),
      });
      awake.shift();
    }
    if (++ticks % 4 === 0) obey();
  };

  state.isOwn = true;
  try {
    setInterval(() => quietly(tick), TICK_MS).unref();
  } finally {
    state.isOwn = false;
  }
}

module.exports = { install };

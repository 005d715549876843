"use strict";
// Where the event loop has been blocked: V8 takes a sample of the stack now and then, and the samples are read when
// the loop has not turned for long.
const { Session } = require("node:inspector");
const { isOfApp, now, pathOf, record } = require("./record.cjs");
const { quietly } = require("./wrap.cjs");
const state = require("./state.cjs");

const INTERVAL_US = 5000;
const BLOCK_MS = 200;
/** The samples of this time are kept. */
const KEEP_MS = 20_000;
const PLACES_MAX = 12;

let session;
let startedAt = 0;
/** Whether the app did not listen yet at the turn before. */
let isStarting = true;

function install() {
  session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  start();
}

function start() {
  startedAt = now();
  session?.post("Profiler.start");
}

/** The samples since the last call. The answer is there at once, because the session is of this thread. */
function stop() {
  let profile;
  session?.post("Profiler.stop", (_, answer) => (profile = answer?.profile));
  return profile;
}

/** Called after each turn of the loop, with the time of the turn before it. */
function onTurn(last) {
  const ms = Math.round(now() - last);
  if (ms >= BLOCK_MS) {
    const found = quietly(() => longest(stop(), ms));
    start();
    // With few samples, the process has only waited for the processor.
    if (found !== undefined && found.ms >= BLOCK_MS / 2)
      record("block", { ms, isStarting, sampled: found.ms, places: found.places });
  } else if (now() - startedAt > KEEP_MS) {
    quietly(stop);
    start();
  }
  isStarting = !state.isListening;
}

/** The place of the app in which most of the last milliseconds went. */
function longest(profile, ms) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const from = profile.endTime - ms * 1000;
  const totals = new Map();
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index];
    if (at < from) return;
    const node = nodes.get(id);
    if (node.callFrame.functionName === "(idle)" || node.callFrame.functionName === "(program)") return;
    const took = (profile.timeDeltas[index + 1] ?? profile.endTime - at) / 1000;
    totals.set(id, (totals.get(id) ?? 0) + took);
  });
  // The samples of one function of the app belong together, whatever it has called.
  const byFunction = new Map();
  for (const [id, took] of totals) {
    const chain = [];
    for (let each = id; each !== undefined; each = parents.get(each)) chain.push(nodes.get(each));
    const frames = chain.filter(({ callFrame }) => isOfApp(pathOf(callFrame.url)));
    if (frames.length === 0) continue;
    const { url, lineNumber, columnNumber } = frames[0].callFrame;
    const key = `${url}:${lineNumber}:${columnNumber}`;
    const known = byFunction.get(key) ?? { ms: 0, frames, most: 0 };
    known.ms += took;
    if (took > known.most) Object.assign(known, { frames, most: took });
    byFunction.set(key, known);
  }
  const [most] = [...byFunction.values()].sort((a, b) => b.ms - a.ms);
  if (most === undefined) return undefined;
  return { ms: Math.round(most.ms), places: most.frames.slice(0, PLACES_MAX).map(placeOf) };
}

/** The line that ran most often, or the line of the function if it has called another one. */
function placeOf({ callFrame, positionTicks = [] }) {
  const [most] = [...positionTicks].sort((a, b) => b.ticks - a.ticks);
  return {
    file: pathOf(callFrame.url),
    line: most?.line ?? callFrame.lineNumber + 1,
    column: most === undefined ? callFrame.columnNumber + 1 : 1,
    function: callFrame.functionName,
  };
}

module.exports = { install, onTurn };

"use strict";
// Appends the lines, and tells where in the app a call comes from.
const { openSync, writeSync, closeSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { performance } = require("node:perf_hooks");
const { fileURLToPath } = require("node:url");
const { isMainThread, threadId } = require("node:worker_threads");

const own = dirname(__dirname);
const now = performance.now.bind(performance);
const FRAMES_MAX = 50;
const PLACES_MAX = 12;

let file;

/** Opens the file for each line, so that the app has no descriptor more, and nothing is lost when it is killed. */
function append(text) {
  if (file === undefined) return;
  for (let tries = 0; tries < 2; tries++) {
    try {
      const fd = openSync(file, "a", 0o666);
      try {
        writeSync(fd, text);
      } finally {
        closeSync(fd);
      }
      return;
    } catch (error) {
      // The app has changed its user.
      if (error.code !== "EACCES") return;
      file = file.replace(/\.jsonl$/, `-${process.getuid()}.jsonl`);
    }
  }
}

/** Writes a line. Never throws. */
function record(what, values = {}, stack) {
  try {
    const places = stack === undefined ? undefined : placesOf(stack);
    append(`${JSON.stringify({ what, at: Math.round(now()), ...values, ...(places && { places }) })}\n`);
  } catch {}
}

/** How often something is recorded that happens again and again: with each request, for instance. */
const TIMES_MAX = 3;
const times = new Map();

/** As {@link record}, but for the same key only a few times. */
function recordSome(what, values, stack) {
  const [place] = placesOf(stack);
  const key = JSON.stringify([
    what,
    values.call,
    values.code,
    place?.file,
    place?.line,
    place ? "" : values.path,
  ]);
  const count = (times.get(key) ?? 0) + 1;
  if (count > TIMES_MAX || (count === 1 && times.size >= 1000)) return;
  times.set(key, count);
  record(what, values, stack);
}

/** The call stack now. It is cheap: nothing is formatted until {@link placesOf}. */
function trace() {
  const holder = {};
  try {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES_MAX;
    Error.captureStackTrace(holder, trace);
    Error.stackTraceLimit = stackTraceLimit;
  } catch {}
  return holder;
}

/** The frames of a trace or an error as V8 sees them. */
function framesOf(holder) {
  const { prepareStackTrace } = Error;
  const isSet = Object.hasOwn(Error, "prepareStackTrace");
  let frames = [];
  try {
    Error.prepareStackTrace = (_, callSites) => callSites;
    frames = holder.stack;
  } finally {
    if (isSet) Error.prepareStackTrace = prepareStackTrace;
    else delete Error.prepareStackTrace;
  }
  return Array.isArray(frames) ? frames : [];
}

const places = new WeakMap();

/** The places in files: the innermost call first. Calls in Node and in the witness are left out. */
function placesOf(holder) {
  const known = places.get(holder);
  if (known !== undefined) return known;
  const found = framesOf(holder)
    .map((frame) => ({
      file: pathOf(frame.getFileName()),
      line: frame.getLineNumber(),
      column: frame.getColumnNumber(),
      function: frame.getFunctionName() ?? "",
    }))
    .filter((place) => isOfApp(place.file) && place.line !== null)
    .slice(0, PLACES_MAX);
  places.set(holder, found);
  return found;
}

/** The places in the stack of an error, which the app or Node may have read and formatted already. */
function placesOfError(error) {
  if (error === null || typeof error !== "object") return [];
  const lines = String(error.stack ?? "").split("\n");
  return lines
    .map((line) => /^\s+at (?:(?:async )?(.*?) \()?(?:async )?(.+?):(\d+):(\d+)\)?$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({
      file: pathOf(match[2]),
      line: Number(match[3]),
      column: Number(match[4]),
      function: match[1] ?? "",
    }))
    .filter((place) => isOfApp(place.file))
    .slice(0, PLACES_MAX);
}

function pathOf(name) {
  if (typeof name !== "string") return "";
  if (!name.startsWith("file:")) return name;
  try {
    return fileURLToPath(name);
  } catch {
    return name;
  }
}

const isOfApp = (path) => path.startsWith("/") && !path.startsWith(`${own}/witness`);

function install(folder) {
  const name = isMainThread ? `${process.pid}` : `${process.pid}.${threadId}`;
  file = join(folder, `${name}.jsonl`);
  record("process", {
    pid: process.pid,
    parent: process.ppid,
    command: process.argv,
    node: process.versions.node,
    started: Math.round(performance.timeOrigin),
  });
}

module.exports = { install, record, recordSome, trace, placesOf, placesOfError, isOfApp, pathOf, now };

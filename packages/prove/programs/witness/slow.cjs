"use strict";
// A route that takes as long as asked: so a stop can come in the middle of a response, whatever routes the app has.
const { onRequest } = require("./responses.cjs");
const { record } = require("./record.cjs");
const state = require("./state.cjs");
const { quietly } = require("./wrap.cjs");

const PATH = "/.well-known/sockact-prove/slow";
// The app may replace the timers.
const { setTimeout } = globalThis;

/** Answers `?ms=N`: the head at once, and the body after N milliseconds. */
function answer(request, response) {
  if (!request.url.startsWith(PATH)) return false;
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname !== PATH) return false;
  state.isOwn = true;
  quietly(() => {
    const body = "From sockact prove, to the end\n";
    response.writeHead(200, { "content-type": "text/plain", "content-length": body.length });
    response.flushHeaders?.();
    record("slow");
    request.resume();
    setTimeout(() => quietly(() => response.end(body)), Number(searchParams.get("ms")));
  });
  state.isOwn = false;
  return true;
}

module.exports = { install: () => onRequest(answer) };

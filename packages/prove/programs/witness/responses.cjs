"use strict";
// How many responses are under way. Nothing is added to a response, which the app may look at.
const http = require("node:http");
const https = require("node:https");
const http2 = require("node:http2");
const { after, wrap } = require("./wrap.cjs");
const state = require("./state.cjs");

const responses = new Set();
let sweepAt = 256;

const isDone = (response) => response.writableFinished || response.destroyed || response.closed === true;

function sweep() {
  for (const response of responses) if (isDone(response)) responses.delete(response);
}

function add(response) {
  responses.add(response);
  if (responses.size < sweepAt) return;
  sweep();
  sweepAt = Math.max(256, responses.size * 2);
}

/** Calls a function with each request of each HTTP server. It may answer it: then it returns true. */
function onRequest(look) {
  const isAsked = (event, request) => event === "request" && request?.url !== undefined;
  const apply = (original, self, args) => {
    if (isAsked(args[0], args[1]) && look(args[1], args[2], self) === true) return true;
    return Reflect.apply(original, self, args);
  };
  wrap(http.Server.prototype, "emit", apply);
  wrap(https.Server.prototype, "emit", apply);
  // The classes of its servers are not exported.
  const wrapped = new WeakSet();
  const wrapClass = after((server) => {
    const prototype = Object.getPrototypeOf(server);
    if (wrapped.has(prototype)) return;
    wrapped.add(prototype);
    wrap(prototype, "emit", apply);
  });
  wrap(http2, "createServer", wrapClass);
  wrap(http2, "createSecureServer", wrapClass);
}

/** Whether the response of a connection is under way. */
const isAnswering = (socket) => {
  for (const response of responses)
    if (!isDone(response) && (response.socket === socket || response.req?.socket === socket)) return true;
  return false;
};

function install() {
  onRequest((_, response) => add(response));
  state.underWay = () => {
    sweep();
    return responses.size;
  };
}

module.exports = { install, onRequest, isAnswering };

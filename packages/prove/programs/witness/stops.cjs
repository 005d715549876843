"use strict";
// How the process ends, and who cuts its connections after the signal.
const http = require("node:http");
const https = require("node:https");
const net = require("node:net");
const { record, trace, placesOf } = require("./record.cjs");
const { before, quietly, wrap } = require("./wrap.cjs");
const { isAnswering } = require("./responses.cjs");
const { connections } = require("./active.cjs");
const state = require("./state.cjs");

/** How many destroyed connections are recorded: the first ones say it all. */
const DESTROYED_MAX = 20;

const facts = () => ({
  afterSignal: state.stop?.signal,
  sinceSignal: state.stop === undefined ? undefined : Date.now() - state.stop.at,
  underWay: state.underWay(),
  connections: quietly(connections),
});

function install() {
  let isExiting = false;
  const end = (call) =>
    before((_, [code]) => {
      if (!isExiting) record("exit", { call, code: code ?? process.exitCode, ...facts() }, trace());
      isExiting = true;
    });
  wrap(process, "exit", end("exit"));
  wrap(process, "reallyExit", end("reallyExit"));
  wrap(process, "abort", end("abort"));
  wrap(
    process,
    "kill",
    before((_, [pid, signal]) => {
      if (pid !== process.pid || signal === 0) return;
      record("exit", { call: "kill", signal: signal ?? "SIGTERM", ...facts() }, trace());
    }),
  );
  wrap(
    process,
    "emit",
    before((_, [event, code]) => {
      if (event === "exit" && !isExiting) record("exit", { call: "loop", code, ...facts() });
    }),
  );

  for (const { prototype } of [http.Server, https.Server])
    for (const call of ["closeAllConnections", "close"])
      wrap(
        prototype,
        call,
        before(() => {
          if (state.stop !== undefined) record(call, facts(), trace());
        }),
      );

  let destroyed = 0;
  wrap(
    net.Socket.prototype,
    "destroy",
    before((socket, [error]) => {
      if (state.stop === undefined || error || socket.destroyed || destroyed >= DESTROYED_MAX) return;
      const isOfServer = Boolean(socket.server ?? socket._server);
      if (!isOfServer || !isAnswering(socket)) return;
      const stack = trace();
      if (placesOf(stack).length === 0) return;
      destroyed++;
      record("destroy", facts(), stack);
    }),
  );
}

module.exports = { install };

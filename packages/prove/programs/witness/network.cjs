"use strict";
// What the app listens on, and the addresses that it can't reach.
const dgram = require("node:dgram");
const dns = require("node:dns");
const net = require("node:net");
const os = require("node:os");
const { record, recordSome, trace } = require("./record.cjs");
const { before, quietly, wrap } = require("./wrap.cjs");
const state = require("./state.cjs");

/** How the sandbox refuses. The machine of the trial has no network: that is ENETUNREACH, or a lookup without answer. */
const CODES = new Set(["EPERM", "EACCES", "EAFNOSUPPORT"]);

/** Where each socket was connected, and where each server was asked to listen. */
const connects = new WeakMap();
const listens = new WeakMap();
const known = new WeakSet();

function look(error, call, stack) {
  if (error === null || typeof error !== "object" || known.has(error)) return;
  // Happy eyeballs: the error of each address.
  if (Array.isArray(error.errors)) for (const each of error.errors) look(each, call, stack);
  const { code, syscall, address, port, hostname } = error;
  // An app may wait for another server before it listens.
  const what = CODES.has(code)
    ? "refused"
    : !state.isListening && syscall === "connect"
      ? "failed"
      : undefined;
  if (what === undefined) return;
  known.add(error);
  recordSome(what, { call, code, syscall, address: address ?? hostname, port }, stack);
}

/** The place of a server's `listen()`, as the app sees it: with what it has been called. */
function requestOf([first, second]) {
  if (typeof first === "object" && first !== null) {
    const { port, host, path } = first;
    return { port: portOf(port), host, path, fd: first.fd ?? first._handle?.fd };
  }
  if (typeof first === "string" && portOf(first) === undefined) return { path: first };
  return { port: portOf(first) ?? 0, host: typeof second === "string" ? second : undefined };
}

function portOf(value) {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return Number.isInteger(number) ? number : undefined;
}

function addressOf(server) {
  const address = server.address();
  if (address === null || typeof address === "string") return { path: address ?? undefined };
  return { port: address.port, host: address.address };
}

function install() {
  wrap(
    net.Server.prototype,
    "listen",
    before((server, args) => {
      if (state.isOwn) return;
      const stack = trace();
      listens.set(server, stack);
      record("listen", requestOf(args), stack);
    }),
  );
  wrap(
    net.Server.prototype,
    "emit",
    before((server, [event, error]) => {
      if (event === "error") look(error, "listen", listens.get(server) ?? trace());
      if (event !== "listening") return;
      state.onListening?.();
      record("listening", addressOf(server), listens.get(server));
    }),
  );
  wrap(
    dgram.Socket.prototype,
    "bind",
    before((socket, [first]) => {
      const options = typeof first === "object" && first !== null ? first : { port: first };
      record(
        "listen",
        { port: options.port, host: options.address, fd: options.fd, datagram: true },
        trace(),
      );
    }),
  );
  wrap(
    net.Socket.prototype,
    "connect",
    before((socket) => connects.set(socket, trace())),
  );
  wrap(
    net.Socket.prototype,
    "destroy",
    before((socket, [error]) => {
      if (error) look(error, "connect", connects.get(socket) ?? trace());
    }),
  );
  wrap(
    dgram.Socket.prototype,
    "emit",
    before((_, [event, error]) => {
      if (event === "error") look(error, "socket", trace());
    }),
  );
  wrap(dns, "lookup", (original, self, args) => {
    const callback = args.at(-1);
    if (typeof callback !== "function") return Reflect.apply(original, self, args);
    const stack = trace();
    const seen = function (...results) {
      quietly(() => look(results[0], "lookup", stack));
      return Reflect.apply(callback, this, results);
    };
    return Reflect.apply(original, self, [...args.slice(0, -1), seen]);
  });
  wrap(dns.promises, "lookup", (original, self, args) => {
    const stack = trace();
    return Reflect.apply(original, self, args).then(undefined, (error) => {
      quietly(() => look(error, "lookup", stack));
      throw error;
    });
  });
  wrap(os, "networkInterfaces", (original, self, args) => {
    try {
      return Reflect.apply(original, self, args);
    } catch (error) {
      // A SystemError of libuv has its code in `info`.
      quietly(() =>
        look(Object.assign(Object.create(error), { code: error.info?.code }), "networkInterfaces", trace()),
      );
      throw error;
    }
  });
}

module.exports = { install, connects, listens };

"use strict";
// Calls of node:fs that the sandbox refuses, and where files were opened.
const fs = require("node:fs");
const { recordSome, trace, placesOf } = require("./record.cjs");
const { after, quietly, wrap } = require("./wrap.cjs");
const state = require("./state.cjs");

const WRITERS =
  "appendFile chmod chown copyFile cp lchown lutimes link mkdir mkdtemp open rename rm rmdir symlink truncate unlink utimes writeFile".split(
    " ",
  );
const READERS = ["readFile", "readdir", "opendir"];
const CODES = new Set(["EROFS", "EACCES", "EPERM"]);

/** The path and the trace of each descriptor that node:fs has opened. A later one replaces an earlier one. */
const opened = new Map();
/** Where a stream was made for a path: it opens the file later. */
const streams = new Map();
const known = new WeakSet();

function look(error, call, args, stack) {
  if (error === null || typeof error !== "object" || !CODES.has(error.code) || known.has(error)) return;
  known.add(error);
  const opensForWriting = call !== "open" || !isReadOnly(args[1]);
  const isWrite = !READERS.includes(call) && opensForWriting;
  const values = {
    call,
    path: String(error.dest ?? error.path ?? args[0]),
    code: error.code,
    syscall: error.syscall,
  };
  recordSome(isWrite ? "write" : "refused", values, withStream(stack, args[0]));
}

function isReadOnly(flags) {
  if (typeof flags === "number") return (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === 0;
  return typeof flags !== "string" || flags === "r" || flags === "rs";
}

function withStream(stack, path) {
  if (placesOf(stack).length > 0) return stack;
  return streams.get(String(path)) ?? stack;
}

function remember(fd, path, stack) {
  if (typeof fd === "number" && !state.isOwn) opened.set(fd, { path: String(path), stack });
}

function wrapSync(call) {
  wrap(fs, `${call}Sync`, (original, self, args) => {
    const stack = call === "open" ? trace() : undefined;
    try {
      const result = Reflect.apply(original, self, args);
      if (call === "open") quietly(() => remember(result, args[0], stack));
      return result;
    } catch (error) {
      quietly(() => look(error, call, args, stack ?? trace()));
      throw error;
    }
  });
}

function wrapCallback(call) {
  wrap(fs, call, (original, self, args) => {
    const stack = trace();
    const callback = args.at(-1);
    if (typeof callback !== "function") return Reflect.apply(original, self, args);
    const seen = function (...results) {
      quietly(() => {
        look(results[0], call, args, stack);
        if (call === "open" && !results[0]) remember(results[1], args[0], withStream(stack, args[0]));
      });
      return Reflect.apply(callback, this, results);
    };
    return Reflect.apply(original, self, [...args.slice(0, -1), seen]);
  });
}

function wrapPromise(call) {
  wrap(fs.promises, call, (original, self, args) => {
    const stack = trace();
    const promise = Reflect.apply(original, self, args);
    if (typeof promise?.then !== "function") return promise;
    return promise.then(
      (result) => {
        if (call === "open") quietly(() => remember(result.fd, args[0], stack));
        return result;
      },
      (error) => {
        quietly(() => look(error, call, args, stack));
        throw error;
      },
    );
  });
}

function install() {
  for (const call of [...WRITERS, ...READERS]) {
    wrapSync(call);
    wrapCallback(call);
    wrapPromise(call);
  }
  for (const call of ["createReadStream", "createWriteStream"])
    wrap(
      fs,
      call,
      after((_, __, args) => {
        if (streams.size > 1000) streams.clear();
        streams.set(String(args[0]), trace());
      }),
    );
}

module.exports = { install, opened };

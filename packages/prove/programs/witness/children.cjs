"use strict";
// The processes that the app starts.
const childProcess = require("node:child_process");
const { fstatSync } = require("node:fs");
const { ChildProcess } = childProcess;
const { record, recordSome, trace } = require("./record.cjs");
const { quietly, wrap } = require("./wrap.cjs");

const CODES = new Set(["EPERM", "EACCES", "ENOSYS", "EAGAIN", "ENOENT"]);

/** The descriptors of sockets that a child gets, besides its standard streams. */
function socketsOf(stdio) {
  if (!Array.isArray(stdio)) return [];
  return stdio
    .map((entry) =>
      typeof entry === "number" ? entry : (entry?.fd ?? entry?.handle?.fd ?? entry?._handle?.fd),
    )
    .filter(
      (fd) => Number.isInteger(fd) && fd > 2 && quietly(() => fstatSync(fd, { bigint: true }).isSocket()),
    );
}

function install() {
  wrap(ChildProcess.prototype, "spawn", (original, self, args) => {
    const [options] = args;
    const stack = trace();
    // Node changes the entries.
    const sockets = quietly(() => socketsOf(options.stdio)) ?? [];
    const done = (values) =>
      record(
        "spawn",
        {
          command: options.args?.slice(0, 20) ?? [options.file],
          file: options.file,
          detached: options.detached === true,
          sockets,
          ...values,
        },
        stack,
      );
    try {
      const result = Reflect.apply(original, self, args);
      quietly(() => done({ child: self.pid }));
      // The error comes as an event, later.
      if (self.pid === undefined) quietly(() => refused(options.file, result, stack));
      return result;
    } catch (error) {
      quietly(() => refused(options.file, error.code, stack));
      throw error;
    }
  });
  for (const call of ["spawnSync", "execFileSync", "execSync"])
    wrap(childProcess, call, (original, self, args) => {
      try {
        const result = Reflect.apply(original, self, args);
        quietly(() => refused(String(args[0]), result?.error?.code, trace()));
        return result;
      } catch (error) {
        quietly(() => refused(String(args[0]), error?.code, trace()));
        throw error;
      }
    });
}

function refused(file, code, stack) {
  const name = typeof code === "number" ? require("node:util").getSystemErrorName(code) : code;
  if (CODES.has(name)) recordSome("refused", { call: "spawn", code: name, path: file }, stack);
}

module.exports = { install };

// A preload that records what a process does until its first response, and then prints it.
const fs = require("node:fs");
const { Server } = require("node:http");
const { syncBuiltinESMExports } = require("node:module");

const read = new Set();
for (const name of ["open", "openSync", "opendirSync", "readdirSync", "readFileSync", "readlinkSync"]) {
  const native = fs[name];
  fs[name] = function (path, ...rest) {
    if (String(path).startsWith("/proc/")) read.add(String(path));
    return native.call(this, path, ...rest);
  };
}
syncBuiltinESMExports();

const made = new Set();
for (const name of ["stdin", "stdout", "stderr"]) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get() {
      made.add(name);
      return get.call(this);
    },
  });
}

const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...args) {
  const isHandled = emit.call(this, event, ...args);
  if (event !== "request") return isHandled;
  const loaded = process.moduleLoadList
    .filter((name) => name.startsWith("NativeModule "))
    .map((name) => name.replace("NativeModule ", ""));
  const files = Object.keys(require.cache);
  fs.writeSync(
    1,
    `${JSON.stringify({ event: "answered", loaded, files, made: [...made], read: [...read] })}\n`,
  );
  return isHandled;
};

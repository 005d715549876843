// Required before an app: prints the CPU time of the process, in milliseconds, when the app listens to its
// port and when it has answered the first request. At SIGTERM, prints the time that Node takes to write its
// compile cache, and exits.
const { subscribe } = require("node:diagnostics_channel");
const { flushCompileCache } = require("node:module");
const { Server } = require("node:net");

function report(event, since) {
  const { user, system } = process.cpuUsage(since);
  process.stdout.write(`\n${JSON.stringify({ event, CPU: (user + system) / 1000 })}\n`);
}

const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once("listening", () => {
    if (this.address()?.port === Number(process.env.BENCH_PORT)) report("listening");
  });
  return listen.apply(this, args);
};

let isFirst = true;
subscribe("http.server.response.finish", () => {
  if (isFirst) report("answered");
  isFirst = false;
});

process.prependOnceListener("SIGTERM", () => {
  const before = process.cpuUsage();
  flushCompileCache?.();
  report("written", before);
  process.exit();
});

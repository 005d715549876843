// Plain Node that hands over at SIGHUP, as an app of sockact does, and answers each request with its process ID. The file /run/plan says how a reload ends.
import { spawn } from "node:child_process";
import { constants, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";

const names = process.env.LISTEN_FDNAMES.split(":");
const descriptor = (name) => 3 + names.indexOf(name);
const tell = (...lines) => writeSync(descriptor("notify"), lines.join("\n"));

/** Each way in which an app may open the file. */
const flags = { create: "w", "write only": constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW };

function answer(text) {
  writeSync(openSync(process.env.SOCKACT_RELOAD_RESULT, flags[process.env.FLAGS]), `${text}\n`);
}

const server = createServer((_, response) => response.end(String(process.pid)));
server.listen({ fd: descriptor("app.socket") }, () => {
  if (process.send) process.send("ready");
  else tell("READY=1");
});
process.on("disconnect", () => {});

process.on("SIGHUP", () => {
  console.log(`SIGHUP of ${process.pid}`);
  const plan = readFileSync("/run/plan", "utf8");
  if (plan === "ends") process.exit(1);
  tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  if (plan === "fails") {
    tell("READY=1", "STATUS=keeps serving");
    answer("SOCKACT_ERR_HANDOVER_EXITED: the new process ended with status 1.");
    return;
  }
  const passed = names.map((_, index) => 3 + index);
  const child = spawn(process.execPath, process.argv.slice(1), { stdio: ["ignore", 1, 2, ...passed, "ipc"] });
  child.on("message", () => {
    server.close();
    tell(`MAINPID=${child.pid}`, "READY=1", `STATUS=took over from ${process.pid}`);
    answer("ok");
    if (plan === "works") process.exit(0);
  });
});

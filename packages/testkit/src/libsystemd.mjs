// Reads a JSON list of environments, and writes the result of libsystemd's sd_listen_fds_with_names(3) for
// each. A separate program in plain JavaScript, because the result depends on the environment and the pid of
// the process.
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { json } from "node:stream/consumers";
import koffi from "koffi";

const libsystemd = koffi.load("libsystemd.so.0");
const listenFds = libsystemd.func("int sd_listen_fds_with_names(int unset_environment, _Out_ void **names)");
const variables = ["LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"];

const { environments, open } = await json(process.stdin);
// Announced descriptors have to be open, or each answer is EBADF.
const opened = [];
while ((opened.at(-1) ?? 0) < 2 + open) opened.push(openSync("/dev/null"));

const answers = environments.map((environment) => {
  for (const name of variables) delete process.env[name];
  // $PID stands for the pid of this process.
  for (const [name, value] of Object.entries(environment))
    process.env[name] = value.replaceAll("$PID", process.pid);
  const out = [null];
  const result = listenFds(1, out);
  const left = variables.filter((name) => process.env[name] !== undefined);
  return {
    result,
    left,
    names: result > 0 ? koffi.decode(out[0], koffi.array("char *", result, "Array")) : [],
  };
});
for (const fd of opened) closeSync(fd);
process.stdout.write(JSON.stringify({ pid: process.pid, answers }));

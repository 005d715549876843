// An app that uses what apps use of Node, and answers with how each thing went: "done", or the error's code or name.
import { execFile } from "node:child_process";
import { createHash, scrypt } from "node:crypto";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { gunzip, gzip } from "node:zlib";

const { env } = process;
// On Node 22 with --jitless, an import of node:http ends the process: whole-app.test.ts.
const { createServer: createHttpServer } = process.getBuiltinModule("node:http");

/** (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
const add = Buffer.from(
  "0061736d0100000001070160027f7f017f03020100070701036164640000 0a09010700200020016a0b".replaceAll(" ", ""),
  "hex",
);

function must(truth, otherwise = "wrong") {
  if (!truth) throw Object.assign(new Error(otherwise), { code: otherwise });
}

async function binds(server, ...where) {
  server.listen(...where);
  await once(server, "listening");
  server.close();
}

function hot(rounds) {
  let sum = 0;
  for (let round = 0; round < rounds; round += 1) sum += Math.sqrt(round) % 7;
  return sum;
}

const run = promisify(execFile);

const features = {
  // Long enough for every tier of the compiler.
  "hot loop": () => must(hot(5_000_000) > 0),
  WebAssembly: async () => {
    const { instance } = await WebAssembly.instantiate(add);
    must(instance.exports.add(40, 2) === 42);
  },
  "worker thread": async () => {
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage(42)', { eval: true });
    must((await once(worker, "message"))[0] === 42);
  },
  "child process": async () => must((await run(process.execPath, ["-p", "6*7"])).stdout === "42\n"),
  shell: async () => must((await run("/bin/sh", ["-c", "echo 42"])).stdout === "42\n"),
  zlib: async () => must(String(await promisify(gunzip)(await promisify(gzip)("text"))) === "text"),
  hash: () => must(createHash("sha256").update("text").digest("hex").startsWith("982d9e3e")),
  "scrypt in the thread pool": async () => must((await promisify(scrypt)("a", "b", 64)).length === 64),
  Intl: () => must(new Intl.NumberFormat("de-DE").format(1234.5) === "1.234,5"),
  "write to the state folder": () => writeFileSync(join(env["STATE_DIRECTORY"], "written"), ""),
  "write to the temporary folder": () => writeFileSync(join(os.tmpdir(), "written"), ""),
  "write elsewhere": () => writeFileSync("/var/lib/written", ""),
  "os.homedir()": () => must(os.homedir().startsWith("/var/lib/")),
  "os.cpus()": () => must(os.cpus().length > 0, "empty"),
  "os.availableParallelism()": () => must(os.availableParallelism() > 0),
  "os.totalmem(), os.freemem()": () => must(os.totalmem() > 0 && os.freemem() > 0),
  "os.loadavg()": () => must(os.loadavg().length === 3),
  "os.uptime()": () => must(os.uptime() > 0),
  "process.memoryUsage()": () => must(process.memoryUsage().rss > 0),
  "os.networkInterfaces()": () => must("lo" in os.networkInterfaces()),
  "os.setPriority()": () => os.setPriority(1),
  chown: () => chownSync(join(os.tmpdir(), "written"), process.getuid(), process.getgid()),
  "read its own code": () => must(readFileSync(process.argv[1]).length > 0),
  "listen on a port of its own": () => binds(createServer(), 0, "127.0.0.1"),
  "listen on a unix socket of its own": () => binds(createServer(), join(os.tmpdir(), "app.sock")),
  "bind UDP": async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.close();
  },
  "look localhost up": async () => must(["127.0.0.1", "::1"].includes((await lookup("localhost")).address)),
  // Last: see orphan().
  "fetch()": async () => must((await (await fetch("http://127.0.0.1/hello")).text()) === "hello"),
};

/** On Node 20 and 22, fetch() without WebAssembly rejects a promise that no code can handle, and would end the process. */
const orphan = () => new Promise((_, reject) => process.once("unhandledRejection", reject));

async function outcome(feature) {
  try {
    await Promise.race([feature(), orphan()]);
    return "done";
  } catch (error) {
    const cause = error.cause ?? error;
    return error.info?.code ?? cause.code ?? cause.name;
  }
}

async function all() {
  const outcomes = {};
  for (const [name, feature] of Object.entries(features)) outcomes[name] = await outcome(feature);
  return outcomes;
}

const server = createHttpServer(async (request, response) => {
  response.end(request.url === "/hello" ? "hello" : JSON.stringify(await all()));
});
server.listen({ fd: 3 });

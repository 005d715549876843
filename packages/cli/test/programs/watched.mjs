// An app of the tests of metrics and alerts. /etc/NAME.json says what it does, and the paths of requests do too.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { listen } from "@sockact/core";

const [, , name] = process.argv;
const settings = () => JSON.parse(readFileSync(`/etc/${name}.json`, "utf8"));

const { broken, startsIn = 0 } = settings();
if (broken) throw new Error("this version is broken");

const server = createServer((request, response) => {
  switch (request.url) {
    case "/crash":
      process.exit(1);
    // Never answers.
    case "/hold":
      console.log("holds a request");
      return response.writeHead(200).write("begins");
    // Accepts nothing anymore.
    case "/block":
      response.end("blocks");
      return setImmediate(() =>
        setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)),
      );
    default:
      response.end(String(process.pid));
  }
});
server.keepAliveTimeout = 600_000;

await listen(server, {
  onListen: () => delay(startsIn),
  healthCheck: () => settings().unhealthy !== true,
  onReload() {
    if (settings().broken) throw new Error("these settings are broken");
  },
});

// What the bench "soak" adds to an app: connections of the socket named `child` go to a child process, and SIGUSR2 prints what a collection leaves of the heap.
import { fork } from "node:child_process";
import { createServer } from "node:net";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { listen } from "@sockact/core";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
process.on("SIGUSR2", () => {
  collect();
  console.log(`heap: ${process.memoryUsage().heapUsed}`);
});

// The child process loads this module too.
if (process.send === undefined) {
  const child = fork(new URL("soak-child.mjs", import.meta.url), { execArgv: [], env: {} });
  const server = createServer({ pauseOnConnect: true }, (socket) => child.send("connection", socket));
  void listen(server, { name: "child", onStop: () => child.disconnect() });
}

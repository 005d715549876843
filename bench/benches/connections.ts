// Connections a second, p99 and CPU for a connection with one request: servers on passed sockets, next to
// servers that listen by themselves.
//
// npm run bench -- connections [--runs N] [--node 20,26] [--only TEXT] [--checkout DIR] [--out FILE]
//
// 30 clients of wrk send "Connection: close", so the server closes each connection after its answer. Each
// measurement starts a new process, warms it up with 8,000 connections, and measures the next second.
// Everything else is as in the bench "throughput".
import type { Bench } from "../lib/bench.ts";
import { bareNode } from "../lib/loaded-arms.ts";
import { LOAD_OPTIONS, measureLoads } from "../lib/measure-loads.ts";

export const bench: Bench = {
  runs: 5,
  needs: ["taskset"],
  options: LOAD_OPTIONS,
  measure: (run) =>
    measureLoads(run, "connection", ["node", "cluster", "express"], (source) => [bareNode(source)]),
};

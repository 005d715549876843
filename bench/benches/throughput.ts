// Requests a second, p99 and CPU for a request: servers on passed sockets, next to servers that listen by
// themselves, and behind proxies.
//
// npm run bench -- throughput [--runs N] [--node 20,26] [--only TEXT] [--checkout DIR] [--out FILE]
//
// Three wrk keep 10 connections open each. A server with three sockets gets one of them on each. Each
// measurement starts a new process, warms it up with 15,000 requests, and measures the next second. The
// server has one core of the machine, and the three have another one, so the server limits the throughput. A
// proxy, and the workers of a cluster, are on the core of the server. On a small machine, a proxy takes the
// processor from the app, so its CPU time is part of what a request costs. Without wrk, autocannon sends the
// requests. It is slower than most of the servers, so only the CPU time is exact then.
//
// Each server says hello on 127.0.0.1. The Express app behind a proxy is one without sockact, on a unix
// socket. gunicorn and Puma have one process with five threads. With --checkout DIR, the bench compares
// sockact with that of another checkout, which must be built.
import type { Bench } from "../lib/bench.ts";
import { bareNode, threeSockets } from "../lib/loaded-arms.ts";
import { LOAD_OPTIONS, measureLoads } from "../lib/measure-loads.ts";
import { otherLanguages } from "../lib/other-languages.ts";
import { installedProxies } from "../lib/proxies.ts";

export const bench: Bench = {
  runs: 5,
  needs: ["taskset"],
  options: LOAD_OPTIONS,
  measure: (run) =>
    measureLoads(run, "request", ["node", "tls", "cluster", "express", "koa", "fastify"], (source) => [
      bareNode(source),
      threeSockets(source),
      ...installedProxies(source, "@sockact/express"),
      ...otherLanguages("@sockact/core"),
    ]),
};

// What a PROXY header costs: requests and connections a second, p99 and CPU of an app behind HAProxy, without
// the header and with it.
//
// npm run bench -- proxy-protocol [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// wrk loads HAProxy, which has a connection to the app for each connection of wrk. Both have one core, and
// the app has another one. Only the CPU time of the app counts. If HAProxy is busier than the app, the
// throughput says nothing. Everything else is as in the benches "throughput" and "connections".
import { behindHaproxy } from "../lib/behind-haproxy.ts";
import type { Bench } from "../lib/bench.ts";
import { LOAD_OPTIONS, measureLoads } from "../lib/measure-loads.ts";

export const bench: Bench = {
  runs: 5,
  needs: ["taskset", "haproxy"],
  options: LOAD_OPTIONS,
  isExtra: true,
  async measure(run) {
    const tables = [];
    for (const counted of ["request", "connection"] as const)
      tables.push(
        ...(await measureLoads(run, counted, [], (source) => [
          ...behindHaproxy("core", source),
          ...behindHaproxy("tls", source),
        ])),
      );
    return tables;
  },
};

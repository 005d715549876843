// What clients notice when an app changes its version: by a handover, a rolling restart, a restart and kill
// -9 with sockact, and without it.
//
// npm run bench -- change [--runs N] [--only TEXT] [--out FILE]
//
// It needs root and systemd. The apps run in a private systemd, under the same load of four kinds of clients,
// which autocannon, node:http and ws make:
//
// - 8 always have a request under way, on a connection that they keep
// - 64 think for up to a second between two requests on a connection that they keep, over a network that
//   takes 20 ms each way
// - 8 send messages over a WebSocket, and think for up to 200 ms between two
// - 4 make a connection for each request
//
// All run the same app of Express, except SvelteKit, which has an app with the same answers. pm2 runs two
// workers in its cluster mode, and the others one process. The figures are:
//
// - failed: requests whose connection was refused, ended before the answer or was reset, or whose answer took
//   longer than 10 s
// - lost connections, lost WebSockets: how often clients had to open one of their 72 kept connections or 8
//   WebSockets again
// - longest wait: of any request, with the time for its connection; 10 s when a client gave up. When a
//   request of a client that does not think has failed, it sends the next one at once, and its wait goes on
// - busy clients: their requests a second, while the app changes
// - command: the time until the command for the change has ended
//
// The ways of sockact are compared with the same load without a change, and the others with a handover.
import process from "node:process";
import { max, sum } from "simple-statistics";
import { AppUnderLoad } from "../../packages/testing/src/app-under-load.ts";
import { during } from "../../packages/testing/src/during.ts";
import type { LoadResult } from "../../packages/testing/src/loads.ts";
import type { Bench } from "../lib/bench.ts";
import { armsNamed, compare } from "../lib/compare.ts";
import type { Figure, Goal } from "../lib/measured.ts";
import { HANDOVER, type Way, waysToChange } from "../lib/ways-to-change.ts";

/** How long a client waits for an answer, in seconds. */
const TIMEOUT = 10;

const figures: Figure[] = [
  { name: "failed", unit: "", better: "lower" },
  { name: "lost connections", unit: "", better: "lower" },
  { name: "lost WebSockets", unit: "", better: "lower" },
  { name: "longest wait", unit: "ms", better: "lower" },
  { name: "busy clients", unit: "requests/s", better: "higher" },
  { name: "command", unit: "s", better: "lower" },
];

/** Our ways lose no request, and no peer has a shorter longest wait than a handover. */
function goalsOf(ways: readonly Way[]): Goal[] {
  const lossless = [HANDOVER, "sockact, rolling restart", "sockact, restart"];
  const peers = ways.filter(({ against }) => against === HANDOVER);
  return [
    ...lossless.map((arm): Goal => ({ arm, figure: "failed", of: "most", atMost: 0 })),
    ...peers.map(({ name }): Goal => ({ arm: name, figure: "longest wait", of: "ratio", atLeast: 1 })),
  ];
}

export const bench: Bench = {
  runs: 3,
  needs: ["private systemd"],
  async measure({ runs, only }) {
    await using app = await AppUnderLoad.boot();
    const ways = armsNamed(waysToChange(app), only);
    const arms = ways.map((way) => ({ ...way, measure: () => measure(app, way) }));
    const title = `A change of the version on Node ${process.versions.node.split(".")[0]}`;
    return [await compare({ title, figures, goals: goalsOf(ways) }, arms, runs, 0)];
  },
};

async function measure(app: AppUnderLoad, { start }: Way): Promise<Record<string, number>> {
  const { systemd } = app;
  const { change, stop } = await start();
  await systemd.waitUntil(async () => {
    const answer = await systemd.request(app.url).catch(() => undefined);
    return answer?.status === 200;
  }, "the app answers");
  const loads = {
    busy: app.load("busy", { connections: 8, keepAlive: true, timeout: TIMEOUT }),
    fresh: app.load("busy", { connections: 4, keepAlive: false, timeout: TIMEOUT }),
    thinking: app.load("thinking", {
      clients: 64,
      keepAlive: true,
      think: 1000,
      away: 20,
      timeout: TIMEOUT,
    }),
    webSockets: app.load("webSockets", { clients: 8, think: 200, timeout: TIMEOUT }),
  };
  let command = 0;
  const { busy, fresh, thinking, webSockets } = await during(loads, 1, async () => {
    const began = performance.now();
    await change();
    command = (performance.now() - began) / 1000;
  });
  await stop();
  const all = [busy, fresh, thinking, webSockets];
  const hasTimeouts = all.some(({ failed }) => (failed["timeout"] ?? 0) > 0);
  // The first phase is before the change.
  const changing = busy.phases.slice(1);
  return {
    failed: sum(all.map(({ lost }) => lost)),
    "lost connections": reopened(busy, 8) + reopened(thinking, 64),
    "lost WebSockets": reopened(webSockets, 8),
    "longest wait": hasTimeouts
      ? TIMEOUT * 1000
      : max(all.flatMap(({ phases }) => phases.slice(1).map(({ longest }) => longest))),
    "busy clients":
      sum(changing.map(({ answered }) => answered)) / sum(changing.map(({ seconds }) => seconds)),
    command,
  };
}

/** How often these clients reconnected. A refused attempt does not count. */
function reopened({ connections, failed }: LoadResult, clients: number): number {
  return connections - clients - (failed["ECONNREFUSED"] ?? 0);
}

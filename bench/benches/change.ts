// What clients notice when an app changes its version: by a handover, a rolling restart, a restart and kill -9 with sockact, a restart without it, and pm2.
//
// npm run bench -- change [--runs N] [--times N] [--only TEXT] [--json]
//
// --runs N     how often each way is measured, 3 by default; the ways take turns, in a new order each time
// --times N    how often a run replaces the app, 1 by default
// --only TEXT  only the ways that have TEXT in their name
// --json       prints the figures of each run as JSON
//
// It needs root and systemd. With the defaults it takes up to five minutes. All apps are the same Express app in a private systemd, under the same
// load of four kinds of clients:
//
// - 8 always have a request under way, on a connection that they keep
// - 64 think for up to a second between two requests on a connection that they keep, over a network that takes 20 ms each way
// - 8 send messages over a WebSocket, and think for up to 200 ms between two
// - 4 make a connection for each request
//
// sockact runs one process, and pm2 two workers in its cluster mode. The bench installs pm2 from npm into .cache/pm2. A change follows when
// each client has had an answer after the one before. The bench prints medians of the runs, with the least and the most:
//
// - failed: requests whose connection was refused, ended before the answer or was reset, or whose answer took longer than 10 s; for one change
// - lost connections: how often clients had to open one of their 72 kept connections or 8 WebSockets again; for one change
// - longest wait: of any request, with the time for its connection; 10 s when a client gave up. In brackets: times that without a change
// - requests a second: of the 8 busy clients while the changes follow each other. In brackets: times those without a change
// - the command: how many seconds it took until the command for one change had ended
import process from "node:process";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { max, median, min, shuffle, sum } from "simple-statistics";
import { AppUnderLoad } from "../../packages/testkit/src/app-under-load.ts";
import { during } from "../../packages/testkit/src/during.ts";
import type { LoadResult } from "../../packages/testkit/src/load.ts";
import { seededRandom } from "../lib/random.ts";
import { type Way, waysToChange } from "../lib/ways-to-change.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    times: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const times = Number(values.times);
/** A client waits for an answer for so many seconds. */
const TIMEOUT = 10;

const app = await AppUnderLoad.boot();
const { systemd } = app;
const ways = waysToChange(app);
const [none] = ways as [Way, ...Way[]];

/** What the clients noticed in one run. */
interface Figures {
  failed: number;
  connections: number;
  webSockets: number;
  /** In milliseconds. */
  longest: number;
  perSecond: number;
  /** In seconds. */
  command: number;
}

async function measure({ start }: Way): Promise<Figures> {
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
  const took: number[] = [];
  const { busy, fresh, thinking, webSockets } = await during(loads, times, async () => {
    const began = performance.now();
    await change();
    took.push((performance.now() - began) / 1000);
  });
  await stop();
  const all = [busy, fresh, thinking, webSockets];
  const hasTimeouts = all.some(({ failed }) => (failed["timeout"] ?? 0) > 0);
  // The first phase is before the first change.
  const changes = busy.phases.slice(1);
  return {
    failed: sum(all.map(({ lost }) => lost)) / times,
    connections: (reopened(busy, 8) + reopened(thinking, 64)) / times,
    webSockets: reopened(webSockets, 8) / times,
    longest: hasTimeouts
      ? TIMEOUT * 1000
      : max(all.flatMap(({ phases }) => phases.slice(1).map(({ longest }) => longest))),
    perSecond: sum(changes.map(({ answered }) => answered)) / sum(changes.map(({ seconds }) => seconds)),
    command: median(took),
  };
}

/** How many connections these clients have opened again. An attempt that was refused has opened none. */
function reopened({ connections, failed }: LoadResult, clients: number): number {
  return connections - clients - (failed["ECONNREFUSED"] ?? 0);
}

/** The median, with the least and the most. */
function summary(figures: readonly number[], digits = 0): string {
  const [middle, least, most] = [median, min, max].map((of) => Number(of([...figures]).toFixed(digits)));
  return least === most ? `${middle}` : `${middle} (${least} to ${most})`;
}

function report(results: ReadonlyMap<Way, Figures[]>): void {
  const table = new Table({
    head: [
      "",
      "failed",
      "lost\nconnections",
      "lost\nWebSockets",
      "longest wait, ms",
      "requests\na second",
      "the command, s",
    ],
    style: { head: [], border: [], compact: true },
  });
  const of = (way: Way, figure: keyof Figures): number[] =>
    results.get(way)?.map((figures) => figures[figure]) ?? [];
  const ratio = (way: Way, figure: keyof Figures): string =>
    `× ${(median(of(way, figure)) / median(of(none, figure))).toPrecision(2)}`;
  for (const way of results.keys()) {
    table.push([
      way.name,
      summary(of(way, "failed"), 1),
      summary(of(way, "connections"), 1),
      summary(of(way, "webSockets"), 1),
      `${summary(of(way, "longest"))}, ${ratio(way, "longest")}`,
      `${summary(of(way, "perSecond"))}, ${ratio(way, "perSecond")}`,
      summary(of(way, "command"), 2),
    ]);
  }
  console.log(
    `Node ${process.version}, medians of ${runs} runs with ${times} change(s) each (least to most)`,
  );
  console.log(table.toString());
}

try {
  const measured = ways.filter((way) => way === none || way.name.includes(values.only));
  const results = new Map(measured.map((way): [Way, Figures[]] => [way, []]));
  const random = seededRandom();
  for (let run = 0; run < runs; run++)
    for (const way of shuffle([...measured], random)) results.get(way)?.push(await measure(way));
  if (values.json)
    console.log(
      JSON.stringify(
        [...results].map(([{ name }, figures]) => ({ name, figures })),
        undefined,
        2,
      ),
    );
  else report(results);
} finally {
  await systemd.close();
}

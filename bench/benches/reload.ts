// How many requests fail while an app is replaced: by pm2's reload, and by a restart and a rolling restart with sockact.
//
// npm run bench -- reload [--times N] [--only TEXT]
//
// --times N    how often each app is replaced under load, 10 by default
// --only TEXT  only what has TEXT in its name
//
// It needs root and systemd. All apps are the same Express app in a private systemd, under the same load of three kinds of clients:
// 4 that always have a request under way on a kept connection, 2 that make a connection for each request, and 64 that think for up to a
// second between two requests on a kept connection, over a network that takes 20 ms each way. sockact runs one process, and pm2 two workers
// in its cluster mode. The bench installs pm2 from npm into .cache/pm2.
//
// A request has failed if its connection ends or is reset before the answer, or if the answer takes longer than 10 s. The number of failures for
// each reload compares best: the ways take different times, so they answer different numbers of requests.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "simple-statistics";
import { AppUnderLoad } from "../../packages/testkit/src/app-under-load.ts";
import { during } from "../../packages/testkit/src/during.ts";
import { inside, type LoadResult } from "../../packages/testkit/src/load.ts";
import { Pm2, PM2_VERSION } from "../lib/pm2.ts";

const { values } = parseArgs({
  options: { times: { type: "string", default: "10" }, only: { type: "string", default: "" } },
});
/** A client waits for an answer for so many seconds. */
const TIMEOUT = 10;

const times = Number(values.times);

const program = fileURLToPath(new URL("../apps/reload.cjs", import.meta.url));
const app = await AppUnderLoad.boot();
const { systemd } = app;

/** One way to replace an app. */
interface Way {
  name: string;
  start(): Promise<RunningApp>;
}

interface RunningApp {
  /** Replaces the app once. */
  replace(): Promise<unknown>;
  stop(): Promise<unknown>;
}

function pm2(name: string, APP: string, settings: Record<string, unknown>): Way {
  return {
    name: `pm2 ${PM2_VERSION}, ${name}`,
    async start() {
      const daemon = await Pm2.start(systemd, {
        name: "app",
        script: inside(systemd, program),
        exec_mode: "cluster",
        instances: 2,
        env: { APP, NODE_ENV: "production" },
        ...settings,
      });
      return { replace: () => daemon.run("reload", "app"), stop: () => daemon.run("kill") };
    },
  };
}

function sockact(name: string, rolling: boolean): Way {
  return {
    name: `sockact, ${name}`,
    async start() {
      await app.install(program, { rolling, environment: { APP: "sockact" } });
      const replace = (): Promise<void> => (rolling ? app.roll() : systemd.restart("app.service"));
      return { replace, stop: () => systemd.stop("app.socket") };
    },
  };
}

/** The values of pm2's page "Graceful Shutdown/Start". */
const graceful = { wait_ready: true, listen_timeout: 10_000, kill_timeout: 3000 };

const ways = [
  pm2("default settings", "plain", {}),
  pm2("as its docs show", "graceful", graceful),
  pm2("with Connection: close", "closing", graceful),
  sockact("systemctl restart", false),
  sockact("rolling restart", true),
].filter(({ name }) => name.includes(values.only));

async function measure({ start }: Way): Promise<Record<string, string | number>> {
  const { replace, stop } = await start();
  await systemd.waitUntil(async () => {
    const answer = await systemd.request(app.url).catch(() => undefined);
    return answer?.status === 200;
  }, "the app answers");
  const loads = {
    busy: app.load("busy", { connections: 4, keepAlive: true, timeout: TIMEOUT }),
    fresh: app.load("busy", { connections: 2, keepAlive: false, timeout: TIMEOUT }),
    thinking: app.load("thinking", { clients: 64, keepAlive: true, think: 1000, away: 20, timeout: TIMEOUT }),
  };
  const took: number[] = [];
  const results = await during(loads, times, async () => {
    const began = performance.now();
    await replace();
    took.push(performance.now() - began);
  });
  await stop();
  const all = Object.values(results);
  const sum = (of: (result: LoadResult) => number): number =>
    all.reduce((total, each) => total + of(each), 0);
  const timeouts = sum(({ failed }) => failed["timeout"] ?? 0);
  const lost = sum((result) => result.lost);
  return {
    requests: sum(({ sent }) => sent),
    failed: lost,
    "failed for each reload": (lost / times).toFixed(1),
    "  of clients that are always busy": (results.busy.lost / times).toFixed(1),
    "  of new connections": (results.fresh.lost / times).toFixed(1),
    "  of clients that think": (results.thinking.lost / times).toFixed(1),
    "without an answer for 10 s": timeouts,
    resets: sum((result) => result.resets),
    "longest wait of a new connection, ms": Math.round(results.fresh.longest),
    "seconds for one reload, median": (median(took) / 1000).toFixed(1),
  };
}

try {
  console.log(`Node ${process.version}, each replaced ${times} times under load`);
  for (const way of ways) {
    console.log(`\n${way.name}`);
    for (const [figure, value] of Object.entries(await measure(way)))
      console.log(`  ${figure.padEnd(38)}${value}`);
  }
} finally {
  await systemd.close();
}

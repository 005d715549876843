// What a scrape of `sockact metrics install` takes, at ten and at a hundred apps, of which half are asleep.
//
// npm run bench -- metrics [--every MS] [--runs N] [--only TEXT] [--out FILE]
//
// --every MS  how long it waits after each scrape, 1000 by default
//
// It needs root and systemd. The client is outside, so the CPU time is that of the endpoint, its child
// processes, systemd, the journal and the bus. That of the same time without a scrape is subtracted. "nothing"
// is measured the same way without a scrape. "memory" is that of the endpoint and its child processes. "wake"
// is a scrape of the endpoint while it is asleep, "a scrape" one of an endpoint that has run for a while, and "textfile" the timer's service.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { bootPrivateSystemd, type PrivateSystemd } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import { type Bench, countOf } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure, Goal } from "../lib/measured.ts";
import { memoryOf } from "../lib/process-memory.ts";

/** How many scrapes a round has. */
const SCRAPES = 5;
/**
 * How many scrapes come before those that are measured, and the time between them in milliseconds, after which
 * the endpoint reads all values again. An endpoint that has just woken has not compiled its code yet.
 */
const WARM = { scrapes: 25, every: 300 };

const SERVICE = "sockact-metrics.service";
const FOLDER = "/var/lib/node-exporter";

const figures: Figure[] = [
  { name: "CPU", unit: "ms", better: "lower" },
  { name: "answer", unit: "ms", better: "lower" },
  { name: "memory", unit: "MB", better: "lower" },
];

/** The CPU time of everything inside, in milliseconds. */
function cpuOf(systemd: PrivateSystemd): number {
  const stat = readFileSync(systemd.hostPath("/sys/fs/cgroup/cpu.stat"), "utf8");
  return Number(/^usage_usec (\d+)/m.exec(stat)?.[1]) / 1000;
}

function memoryOfEndpoint(systemd: PrivateSystemd): number {
  const group = systemd.hostPath(`/sys/fs/cgroup/system.slice/${SERVICE}`);
  const pids = readFileSync(`${group}/cgroup.procs`, "utf8").trim().split("\n");
  // As this process sees them.
  return pids.reduce((sum, pid) => sum + memoryOf(`/proc/${pid}`).PSS, 0);
}

async function sockact(systemd: PrivateSystemd, ...words: string[]): Promise<void> {
  const program = systemd.inside(new URL("../../packages/cli/bin/sockact.cjs", import.meta.url));
  await systemd.mustRun([systemd.node, program, ...words]);
}

/** Boots a systemd with this many apps. */
async function boot(count: number): Promise<PrivateSystemd> {
  const systemd = await bootPrivateSystemd();
  const names = Array.from({ length: count }, (_, index) => `app${index}`);
  const units = names.map((name, index) =>
    emitUnits({ name, exec: ["/bin/sleep", "infinity"], sockets: [{ listen: 8000 + index }] }),
  );
  await systemd.installUnits(Object.assign({}, ...units), { verify: false });
  await systemd.start(...names.map((name) => `${name}.socket`));
  await systemd.start(...names.filter((_, index) => index % 2 === 0).map((name) => `${name}.service`));
  return systemd;
}

async function scrape(systemd: PrivateSystemd): Promise<number> {
  const began = performance.now();
  const { status, body } = await systemd.request("http://127.0.0.1:9464/metrics");
  if (status !== 200) throw new Error(body);
  return performance.now() - began;
}

/** Runs an action several times. The waits are part of the time. */
async function cpuOfEach(
  systemd: PrivateSystemd,
  every: number,
  action: () => Promise<unknown>,
): Promise<number> {
  const before = cpuOf(systemd);
  for (let index = 0; index < SCRAPES; index++) {
    await action();
    await delay(every);
  }
  return (cpuOf(systemd) - before) / SCRAPES;
}

export const bench: Bench = {
  runs: 10,
  needs: ["private systemd"],
  isExtra: true,
  options: { every: { type: "string", default: "1000" } },
  async measure({ runs, only, options }) {
    const every = countOf("every", options["every"]);
    const tables = [];
    for (const [count, most] of [
      [10, 10],
      [100, 50],
    ] as const) {
      await using systemd = await boot(count);
      await sockact(systemd, "metrics", "install", "--yes", "--idle-timeout", "1h");
      const nothing = async () => cpuOfEach(systemd, every, async () => {});
      const over = async (action: () => Promise<unknown>) =>
        (await cpuOfEach(systemd, every, action)) - (await nothing());
      const endpoint: Arm[] = [
        { name: "nothing", against: "nothing", measure: async () => ({ CPU: await over(async () => {}) }) },
        {
          name: "a scrape",
          against: "nothing",
          async measure() {
            for (let index = 0; index < WARM.scrapes; index++) {
              await scrape(systemd);
              await delay(WARM.every);
            }
            await delay(every);
            let answer = 0;
            const CPU = await over(async () => (answer += (await scrape(systemd)) / SCRAPES));
            return { CPU, answer, memory: memoryOfEndpoint(systemd) };
          },
        },
        {
          name: "a wake",
          against: "nothing",
          async measure() {
            await systemd.stop(SERVICE);
            const before = cpuOf(systemd);
            const answer = await scrape(systemd);
            // It also waits until the endpoint is ready.
            await systemd.start(SERVICE);
            return { CPU: cpuOf(systemd) - before, answer };
          },
        },
      ];
      const title = `The metrics of ${count} apps`;
      const goals: Goal[] = [{ arm: "a scrape", figure: "CPU", of: "value", atMost: most }];
      tables.push(await compare({ title, figures, goals }, armsNamed(endpoint, only), runs));

      await systemd.mustRun(["mkdir", FOLDER]);
      await sockact(
        systemd,
        "metrics",
        "install",
        "--yes",
        "--every",
        "1h",
        "--textfile",
        `${FOLDER}/s.prom`,
      );
      const file: Arm = {
        name: "textfile",
        against: "textfile",
        async measure() {
          // More than five starts in ten seconds would be refused.
          await systemd.systemctl("reset-failed", SERVICE);
          const before = cpuOf(systemd);
          const began = performance.now();
          await systemd.start(SERVICE);
          return { CPU: cpuOf(systemd) - before, answer: performance.now() - began };
        },
      };
      tables.push(await compare({ title: `${title} as a file`, figures }, armsNamed([file], only), runs));
    }
    return tables;
  },
};

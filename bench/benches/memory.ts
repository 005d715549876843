// How much memory an app takes: over the same app without sockact, after many requests, and with many apps on
// one host.
//
// npm run bench -- memory [--apps N] [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// --apps N  how many apps there are on the host, 100 by default
//
// RSS counts all pages of a process. Most of Node's own code is in memory once for all processes, so "own"
// counts the pages that no other process has. "heap" is what JavaScript needs, after a collection. "requests"
// and "connections" are how much the heap grows in their second half. "all apps" is what they take together.
// "own of systemd" is process 1. The bench measures the built packages. Requests come from autocannon with
// ten clients. The many apps need root and systemd.
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type AppProcess, startProcess } from "../../packages/testing/src/app-process.ts";
import { whyNoPrivateSystemd } from "../../packages/testing/src/boot-private-systemd.ts";
import { withApp } from "../lib/activated-app.ts";
import { type Bench, countOf } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import { ManyApps } from "../lib/many-apps.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";
import { memoryOf, type ProcessMemory } from "../lib/process-memory.ts";

/** The same app without sockact. */
const plain = { core: "node", express: "express-node", koa: "koa-node", fastify: "fastify-node" };
const apps = Object.keys(plain) as (keyof typeof plain)[];

const REQUESTS = 200_000;
const CONNECTIONS = 20_000;

const inMB = (names: string[]): Figure[] => names.map((name) => ({ name, unit: "MB", better: "lower" }));
const over = inMB(["RSS", "RSS over plain", "own over plain", "heap over plain"]);
const growth = inMB(["heap", "requests", "connections", "RSS", "RSS, later half"]);
const many = [
  { name: "processes", unit: "", better: "lower" } as const,
  ...inMB(["all apps", "RSS of one", "own of one", "own of systemd"]),
];

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const amountProgram = fileOf("../../packages/testkit/src/amount-program.mjs");
const heapProgram = fileOf("../programs/heap.mjs");

interface Measured extends Pick<ProcessMemory, "RSS" | "own"> {
  heap: number;
}

/** The heap is measured after a garbage collection. RSS also contains uncollected memory. */
async function measureApp(app: AppProcess): Promise<Measured> {
  const { RSS, own } = memoryOf(join("/proc", String(app.pid)));
  app.kill("SIGUSR2");
  const { heap } = await app.event<{ heap: number }>("heap");
  return { RSS, own, heap };
}

const commandOf = (node: string, name: string): string[] =>
  [node, "--expose-gc", `--import=${heapProgram}`].concat(fileOf(`../apps/${name}.mjs`));

async function overPlain(node: string, name: keyof typeof plain): Promise<Record<string, number>> {
  const { RSS, own, heap } = await withApp(commandOf(node, name), measureApp);
  const base = await withApp(commandOf(node, plain[name]), measureApp);
  return {
    RSS,
    "RSS over plain": RSS - base.RSS,
    "own over plain": own - base.own,
    "heap over plain": heap - base.heap,
  };
}

/** The growth from the first half of the requests to the second. The same for connections. */
const growthOf = (node: string, name: string): Promise<Record<string, number>> =>
  withApp(commandOf(node, name), async (app, port) => {
    const after = async (amount: number, kind: string): Promise<Measured> => {
      const args = [String(port), String(amount), kind];
      await using load = startProcess([process.execPath, amountProgram, ...args]);
      if ((await load.ended) !== 0) throw new Error(load.stderr);
      return measureApp(app);
    };
    const half = await after(REQUESTS / 2, "keep-alive");
    const requests = await after(REQUESTS / 2, "keep-alive");
    const some = await after(CONNECTIONS / 2, "fresh");
    const all = await after(CONNECTIONS / 2, "fresh");
    return {
      heap: all.heap,
      requests: requests.heap - half.heap,
      connections: all.heap - some.heap,
      RSS: all.RSS,
      "RSS, later half": requests.RSS - half.RSS,
    };
  });

const goals = (figure: string, atMost: number): Goal[] =>
  apps.map((arm) => ({ arm, figure, of: "value", atMost }));

export const bench: Bench = {
  runs: 10,
  options: { apps: { type: "string", default: "100" } },
  async measure({ runs, nodes, only, options }) {
    const count = countOf("apps", options["apps"]);
    const arms = (measure: (name: keyof typeof plain) => ReturnType<Arm["measure"]>): Arm[] =>
      armsNamed(
        apps.map((name) => ({ name, against: name, measure: () => measure(name) })),
        only,
      );
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      const one = {
        title: `Memory of one app on Node ${major}`,
        figures: over,
        goals: goals("RSS over plain", 3),
      };
      tables.push(await compare(one, arms(overPlain.bind(undefined, binary)), runs));
      const flat = {
        title: `Memory after ${REQUESTS} requests and ${CONNECTIONS} connections on Node ${major}`,
        figures: growth,
        goals: [...goals("requests", 0.5), ...goals("connections", 0.5)],
      };
      tables.push(await compare(flat, arms(growthOf.bind(undefined, binary)), 1, 0));
      tables.push(...(await manyApps(binary, major, count, only)));
    }
    return tables;
  },
};

async function manyApps(node: string, major: string, count: number, only: string): Promise<MeasuredTable[]> {
  const [asleep, awake] = [`${count} apps, asleep`, `${count} apps, always on`];
  if (![asleep, awake].some((name) => name.includes(only))) return [];
  const title = `Many Express apps on one host, Node ${major}`;
  const reason = whyNoPrivateSystemd();
  if (reason !== undefined) {
    console.error(`Left out: ${title}, because ${reason}`);
    return [];
  }
  await using host = await ManyApps.install(node, count);
  const arms = [
    { name: asleep, against: asleep, measure: () => host.measure() },
    {
      name: awake,
      against: awake,
      async measure() {
        await host.wake();
        const measured = await host.measure();
        await host.sleep();
        return measured;
      },
    },
  ];
  const goal: Goal = { arm: asleep, figure: "processes", of: "value", atMost: 0 };
  return [await compare({ title, figures: many, goals: [goal] }, arms, 1, 0)];
}

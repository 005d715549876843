// How much CPU time apps from npm need until their first answer with Node's compile cache: empty, filled, and
// after a change of the app.
//
// npm run bench -- compile-cache [--runs N] [--node 22,24,26] [--only TEXT] [--out FILE]
//
// Each app is started by itself, without sockact. In each round it starts once in each of these states, in a
// shuffled order. The figures are the ratios to the start without a cache of the same round, and "no cache,
// again" shows how exact they are. "changed" is a start with a full cache after a line was added to the
// program. "to listen" is the CPU time with a full cache until the app listens. "write" is the CPU time that
// Node takes to write the whole cache at the end of the process.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shuffle } from "simple-statistics";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import { startProcess } from "../../packages/testing/src/app-process.ts";
import { httpRequest } from "../../packages/testing/src/http-request.ts";
import { randomFrom } from "../../packages/testing/programs/load/random.mjs";
import type { Bench } from "../lib/bench.ts";
import { type Arm, compare } from "../lib/compare.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";
import { copyOf, installNpmApps, type NpmApp, npmApps } from "../lib/npm-apps.ts";
import { temporaryFolder } from "../lib/temporary-folder.ts";

const report = fileURLToPath(new URL("../programs/report-cpu.cjs", import.meta.url));
/** On the file system of the apps, since a hard link can't leave it. */
const copies = fileURLToPath(new URL("../../.cache/bench/npm-apps", import.meta.url));

const figures: Figure[] = [
  { name: "no cache", unit: "ms", better: "lower" },
  { name: "no cache, again", unit: "ratio", better: "lower" },
  { name: "empty", unit: "ratio", better: "lower" },
  { name: "full", unit: "ratio", better: "lower" },
  { name: "changed", unit: "ratio", better: "lower" },
  { name: "full, to listen", unit: "ratio", better: "lower" },
  { name: "write", unit: "ms", better: "lower" },
  { name: "files", unit: "", better: "lower" },
  { name: "size", unit: "MB", better: "lower" },
];

/** The CPU time of a start, in milliseconds. */
interface Start {
  listening: number;
  answered: number;
  written: number;
}

export const bench: Bench = {
  runs: 15,
  nodes: ["22", "24", "26"],
  isExtra: true,
  async measure({ runs, nodes, only }) {
    const apps = npmApps.filter(({ name }) => name.includes(only));
    await installNpmApps(apps);
    const copied = apps.map((app, index) => copyOf(app, join(copies, String(index))));
    const tables: MeasuredTable[] = [];
    try {
      for (const { major, binary } of nodes) {
        const arms = copied.map((app) => armOf(app, binary));
        const goals = arms.map(({ name }): Goal => ({ arm: name, figure: "full", of: "value", atMost: 1 }));
        const title = `CPU time until the first answer on Node ${major}`;
        tables.push(await compare({ title, figures, goals }, arms, runs));
      }
    } finally {
      rmSync(copies, { recursive: true, force: true });
    }
    return tables;
  },
};

function armOf(app: NpmApp, node: string): Arm {
  const random = randomFrom(1);
  const filled = temporaryFolder();
  const changing = temporaryFolder();
  const entry = join(app.folder, app.entry);
  const original = readFileSync(entry, "utf8");
  let round = 0;
  return {
    name: app.name,
    against: app.name,
    async measure() {
      if (round++ === 0) for (const cache of [filled, changing]) await start(node, app, cache);
      const empty = temporaryFolder();
      const states = {
        none: () => start(node, app),
        again: () => start(node, app),
        empty: () => start(node, app, empty),
        full: () => start(node, app, filled),
        async changed() {
          replace(entry, `${original}\n// ${round}\n`);
          try {
            return await start(node, app, changing);
          } finally {
            replace(entry, original);
          }
        },
      };
      const starts = {} as Record<keyof typeof states, Start>;
      for (const state of shuffle(Object.keys(states) as (keyof typeof states)[], random))
        starts[state] = await states[state]();
      const sizes = sizesIn(empty);
      rmSync(empty, { recursive: true });
      const { none, again, full, changed } = starts;
      return {
        "no cache": none.answered,
        "no cache, again": again.answered / none.answered,
        empty: starts.empty.answered / none.answered,
        full: full.answered / none.answered,
        changed: changed.answered / none.answered,
        "full, to listen": full.listening / none.listening,
        write: starts.empty.written,
        files: sizes.length,
        size: sizes.reduce((sum, size) => sum + size, 0) / 1e6,
      };
    },
  };
}

/** Starts the app, makes one request, and stops the app. */
async function start(node: string, { folder, entry, args }: NpmApp, cache?: string): Promise<Start> {
  const [address, second] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
  const port = portOf(address);
  await using app = startProcess(
    [node, "--require", report, join(folder, entry), ...(args?.(port, portOf(second)) ?? [])],
    {
      cwd: folder,
      env: {
        BENCH_PORT: String(port),
        PORT: String(port),
        HOST: "127.0.0.1",
        HOSTNAME: "127.0.0.1",
        // Where Verdaccio keeps its packages.
        HOME: folder,
        XDG_CONFIG_HOME: folder,
        XDG_DATA_HOME: folder,
        NODE_ENV: "production",
        NODE_COMPILE_CACHE: cache,
      },
    },
  );
  const of = async (event: string): Promise<number> => (await app.event<{ CPU: number }>(event)).CPU;
  const listening = await of("listening");
  await httpRequest(address);
  const answered = await of("answered");
  app.kill("SIGTERM");
  const written = await of("written");
  await app.ended;
  return { listening, answered, written };
}

function portOf(address: string): number {
  return Number(address.split(":")[1]);
}

/** Writes a new file, because the old one is a hard link. */
function replace(path: string, content: string): void {
  rmSync(path);
  writeFileSync(path, content);
}

function sizesIn(folder: string): number[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
}

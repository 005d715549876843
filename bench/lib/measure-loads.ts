import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, type Run, wrongOption } from "./bench.ts";
import { type Arm, armsNamed, compare } from "./compare.ts";
import { type LoadTool, loadTool, sendLoad } from "./http-load.ts";
import { armsOfTwoCheckouts, type LoadedArm, pairedArms, type PairName } from "./loaded-arms.ts";
import type { Source } from "./loaded-servers.ts";
import type { Figure, Goal, MeasuredTable } from "./measured.ts";

/** What is counted: requests over connections that stay open, or connections with one request each. */
type Counted = "request" | "connection";

/** How many come first and do not count. After them, V8 has compiled the code of each of our servers. */
const WARM_UP = { request: 15_000, connection: 8000 };

/** With a smaller share, other work on the machine or the load generator has slowed the server down. */
const MOST_OF_ITS_CORE = 0.9;

/** The options of a bench that loads servers. */
export const LOAD_OPTIONS = { checkout: { type: "string", default: "" } } satisfies Bench["options"];

const here = fileURLToPath(new URL("../..", import.meta.url));

/** Loads servers, and makes a table for each version of Node. */
export async function measureLoads(
  { runs, nodes, only, options: { checkout = "" } }: Run,
  counted: Counted,
  pairs: readonly PairName[],
  othersOf: (source: Source) => LoadedArm[],
): Promise<MeasuredTable[]> {
  if (checkout !== "" && !existsSync(join(checkout, "packages/core/dist")))
    throw wrongOption(`--checkout must be the folder of a clone that is built; got ${checkout}`);
  const tool = loadTool();
  const tables: MeasuredTable[] = [];
  for (const { major, binary: node } of nodes) {
    const source = { node, checkout: here };
    const all =
      checkout === ""
        ? [...pairedArms(pairs, source), ...othersOf(source)]
        : armsOfTwoCheckouts(pairs, source, { node, checkout: resolve(checkout) });
    const arms = armsNamed(all, only);
    const description = {
      title: `Load of ${counted}s on Node ${major}, by ${tool.name}`,
      figures: figuresOf(counted),
      goals: arms.flatMap(goalsOf),
    };
    const measured = arms.map((arm) => measuredArm(arm, tool, counted));
    // Each measurement has its own warm-up.
    tables.push(await compare(description, measured, runs, 0));
  }
  return tables;
}

/** The CPU time of all processes that serve, including a proxy. */
function figuresOf(counted: Counted): Figure[] {
  return [
    { name: "throughput", unit: `${counted}s/s`, better: "higher" },
    { name: "p99", unit: "ms", better: "lower" },
    { name: "CPU", unit: `µs a ${counted}`, better: "lower" },
  ];
}

function goalsOf({ name: arm, goal }: LoadedArm): Goal[] {
  if (goal === undefined) return [];
  if (goal === "slower") return [{ arm, figure: "throughput", of: "ratio", atMost: 1 }];
  const share = goal === "free" ? 0.01 : 0.03;
  return [
    { arm, figure: "throughput", of: "ratio", atLeast: 1 - share },
    { arm, figure: "CPU", of: "ratio", atMost: 1 + share },
  ];
}

/** Measures a new process each time, because V8 compiles and places the code of two processes differently. */
function measuredArm({ name, against, start }: LoadedArm, tool: LoadTool, counted: Counted): Arm {
  const how = { isFresh: counted === "connection" };
  return {
    name,
    against,
    async measure() {
      await using server = await start();
      for (let sent = 0; sent < WARM_UP[counted];) sent += (await sendLoad(tool, server.urls, how)).requests;
      const before = server.cpuTime();
      const { requests, seconds, p99 } = await sendLoad(tool, server.urls, how);
      const used = server.cpuTime() - before;
      const share = used / (1000 * seconds);
      if (tool.isFast && share < MOST_OF_ITS_CORE)
        console.error(
          `${name}: the server had ${Math.round(100 * share)} % of its core in one round. The throughput is too low, and the CPU time is right.`,
        );
      return { throughput: requests / seconds, p99, CPU: (1000 * used) / requests };
    },
  };
}

// Instructions for a request and for a connection: what sockact adds to an app, on any machine.
//
// npm run bench -- instructions [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// Valgrind counts the instructions of the processor. Node compiles each function once, without its optimizing
// compilers, because these do something else in each run. So a count says how much there is to do, and not
// how long it takes. After a warm-up, one client sends 300 requests to one process and 1,500 to another, on
// one connection or on a new one each time. The figure is the difference, divided by 1,200, so what is done
// once does not count. Each app says hello. Bare Node is counted twice, which shows how exact a count is.
import { fileURLToPath } from "node:url";
import { countFurther } from "../check/count.ts";
import type { Way } from "../check/asked-app.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Goal, MeasuredTable } from "../lib/measured.ts";

const SAME = "node, once more";

/** Each app of the folder apps, and the same app without sockact. */
const apps: [name: string, against: string][] = [
  ["node", "node"],
  [SAME, "node"],
  ["core", "node"],
  ...["express", "koa", "fastify"].flatMap((name): [string, string][] => [
    [`${name}-node`, `${name}-node`],
    [name, `${name}-node`],
  ]),
];

const goals = apps
  .filter(([name, against]) => name !== against && name !== SAME)
  .map(([arm]): Goal => ({ arm, figure: "instructions", of: "ratio", atMost: 1.01 }));

export const bench: Bench = {
  runs: 1,
  needs: ["valgrind", "vgdb"],
  async measure({ runs, nodes, only }) {
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      for (const way of ["request", "connection"] as Way[]) {
        const arms = apps.map(([name, against]): Arm => ({
          name,
          against,
          measure: async () => ({ instructions: (await countFurther(binary, program(name), way)) / 1000 }),
        }));
        const description = {
          title: `Instructions of a ${way} on Node ${major}`,
          figures: [{ name: "instructions", unit: "thousands", better: "lower" } as const],
          goals,
        };
        // A count needs no warm-up.
        tables.push(await compare(description, armsNamed(arms, only), runs, 0));
      }
    }
    return tables;
  },
};

function program(name: string): string {
  return fileURLToPath(new URL(`../apps/${name === SAME ? "node" : name}.mjs`, import.meta.url));
}

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeBinary } from "../../scripts/lib/node-binary.ts";
import { NODE_MAJORS } from "../../scripts/lib/node-versions.ts";
import { allocated } from "./allocated.ts";
import { startAsked } from "./asked-app.ts";
import { countServing, countStart, PREDICTABLE } from "./count.ts";
import { leastOfTwo } from "./least-of-two.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const program = (app: string): string => file(`bench/apps/${app}.mjs`);

/** How an app is measured, and the limit of its ratio, as a multiple of the accepted one. */
const kinds = {
  // Counts differ by up to 2 %. 3 % are an eighth of what core adds to the start of a server.
  "start, instructions": {
    limit: 1.03,
    measure: (node, app) => leastOfTwo(() => countStart([node, PREDICTABLE, program(app)])),
  },
  "wake, instructions": { limit: 1.05, measure: (node, app) => countWake(node, file(`examples/${app}`)) },
  // Runs differ by less than 1 %, and one in ten by 5 %.
  "request, instructions": {
    limit: 1.08,
    measure: (node, app) => countServing(node, program(app), "request"),
  },
  "connection, instructions": {
    limit: 1.08,
    measure: (node, app) => countServing(node, program(app), "connection"),
  },
  // Runs differ by up to 0.2 %. An array of 32 elements for each request is 5 %.
  "request, bytes": { limit: 1.03, measure: (node, app) => allocated(node, program(app), "request") },
  "connection, bytes": { limit: 1.03, measure: (node, app) => allocated(node, program(app), "connection") },
} satisfies Record<string, { limit: number; measure(node: string, app: string): Promise<number> }>;

interface Measured {
  kind: keyof typeof kinds;
  app: string;
}

const START = { kind: "start, instructions", app: "node" } as const;

/**
 * Each app, and the app for comparison: an HTTP server of Node alone, or the same app without sockact. Koa
 * and Fastify load the same core at start as Express.
 */
const compared: [measured: Measured, against: Measured][] = [
  // The longest come first, so no processor is idle at the end.
  [{ kind: "start, instructions", app: "express" }, START],
  [{ kind: "wake, instructions", app: "bundle" }, START],
  [{ kind: "start, instructions", app: "core" }, START],
  ...(
    ["request, instructions", "connection, instructions", "connection, bytes", "request, bytes"] as const
  ).map((kind): [Measured, Measured] => [
    { kind, app: "core" },
    { kind, app: "node" },
  ]),
  ...["express", "koa", "fastify"].map((app): [Measured, Measured] => [
    { kind: "request, bytes", app },
    { kind: "request, bytes", app: `${app}-node` },
  ]),
];

/** The cost of an app as a ratio to the cost without sockact. Ratios hardly depend on the computer. */
export interface Figure {
  /** `start, instructions: express`. */
  name: string;
  ratio: number;
  /** The limit, as a multiple of the accepted ratio. */
  limit: number;
}

const nameOf = ({ kind, app }: Measured): string => `${kind}: ${app}`;

/**
 * Measures the figures with a string in their names, one app on each processor. Other programs do not change
 * a count.
 */
export async function measureFigures(only: string): Promise<Figure[]> {
  const node = nodeBinary(NODE_MAJORS.at(-1) as string);
  const chosen = compared.filter(([measured]) => nameOf(measured).includes(only));
  const needed = new Map(chosen.flat().map((each) => [nameOf(each), each]));
  const values = new Map<string, number>();
  const queue = needed.entries();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const [name, { kind, app }] of queue) values.set(name, await kinds[kind].measure(node, app));
    }),
  );
  const value = (measured: Measured): number => values.get(nameOf(measured)) as number;
  return chosen.map(([measured, against]) => ({
    name: nameOf(measured),
    ratio: value(measured) / value(against),
    limit: kinds[measured.kind].limit,
  }));
}

/** The start of an app in one file whose compiled code is in Node's cache. */
async function countWake(node: string, folder: string): Promise<number> {
  const cache = mkdtempSync(join(tmpdir(), "sockact-check-"));
  const command = [node, PREDICTABLE, join(folder, "dist/server.cjs")];
  const env = { NODE_COMPILE_CACHE: cache };
  try {
    await using first = startAsked(command, env);
    await first.ask(1, "connection");
    // Node writes the cache when the app ends by itself.
    first.process.kill("SIGTERM");
    await first.process.ended;
    return await countStart(command, env);
  } finally {
    rmSync(cache, { recursive: true });
  }
}

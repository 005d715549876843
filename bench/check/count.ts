import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";
import { startAsked, type Way } from "./asked-app.ts";

/** Valgrind translates the program. With shorter blocks, this takes a quarter less time. */
const VALGRIND = ["valgrind", "--vex-guest-chase=no"];
/** Counts from the start of the program. */
const CACHEGRIND = [...VALGRIND, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
/** Counts from the signal of vgdb on. Until then, the program runs faster. */
const CALLGRIND = [...VALGRIND, "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null"];

/** Counts of a start differ by up to 2 % with this option, and by up to 25 % without it. */
export const PREDICTABLE = "--predictable";

/**
 * Node compiles each function once, at its first call, in the same thread. Its other compilers run at
 * different moments in each run, with different code. A count therefore measures the amount of work, not how
 * well it is optimized. No garbage is collected.
 */
const SAME_IN_EACH_RUN = [
  "--always-sparkplug",
  "--no-maglev",
  "--no-opt",
  "--single-threaded",
  "--min-semi-space-size=64",
  "--max-semi-space-size=64",
];
/** After this many requests, Node has seen all of their code. */
const WARM_UP = 300;
const COUNTED = 300;
const COUNTED_MORE = 1500;

/** The instructions of an app from its start to its first answer. */
export async function countStart(command: readonly string[], env?: Record<string, string>): Promise<number> {
  await using app = startAsked([...CACHEGRIND, ...command], env);
  await app.ask(1, "connection");
  // Without await, the app would be killed first.
  return await endOf(app.process);
}

/**
 * The instructions of a warm app for one request or one connection. One-time work of the app during the
 * requests counts too.
 */
export async function countServing(node: string, program: string, way: Way): Promise<number> {
  return (await countRequests(node, program, way, COUNTED)) / COUNTED;
}

/**
 * The same without the app's one-time work: what further requests add to a count. It takes four times as
 * long.
 */
export async function countFurther(node: string, program: string, way: Way): Promise<number> {
  const [few, many] = [
    await countRequests(node, program, way, COUNTED),
    await countRequests(node, program, way, COUNTED_MORE),
  ];
  return (many - few) / (COUNTED_MORE - COUNTED);
}

async function countRequests(node: string, program: string, way: Way, amount: number): Promise<number> {
  await using app = startAsked([...CALLGRIND, node, ...SAME_IN_EACH_RUN, program]);
  await app.ask(WARM_UP, way);
  const vgdb = spawn("vgdb", [`--pid=${app.process.pid}`, "instrumentation", "on"], { stdio: "ignore" });
  const [status] = await once(vgdb, "close");
  if (status !== 0) throw new Error(`vgdb can't tell Valgrind to count: exit status ${status}`);
  await app.ask(amount, way);
  return await endOf(app.process);
}

/**
 * Ends an app, and reads the count that Valgrind prints. No app handles this signal, so none does work at its
 * end.
 */
async function endOf(app: AppProcess): Promise<number> {
  app.kill("SIGALRM");
  const end = await app.ended;
  const count = /^==\d+== I +refs: +([\d,]+)$/m.exec(app.stderr)?.[1];
  if (count === undefined)
    throw new Error(`Valgrind printed no line "I refs", and ended by ${end}:\n${app.stderr}`);
  return Number(count.replaceAll(",", ""));
}

// What the handover of many connections takes: time, memory and CPU.
//
// npm run bench -- handover [--connections N] [--busy N] [--runs N] [--out FILE]
//
// --connections N  how many idle connections there are, 5,000 by default
// --busy N         how many clients always have a request under way, 1 by default
//
// It needs root and systemd. The app is a server of node:http with @sockact/core, in the inbound sandbox.
// After each handover, each connection sends a request: it must still be open, and the new process must
// answer.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AppUnderLoad } from "../../packages/testing/src/app-under-load.ts";
import { type Bench, countOf } from "../lib/bench.ts";
import type { Figure } from "../lib/measured.ts";

const TIMEOUT = 10;
/** How long the busy client is alone before each handover, in milliseconds. */
const CALM = 1000;
/** The sampling interval of a process, in milliseconds. */
const INTERVAL = 2;
/** proc_pid_stat(5): the kernel counts CPU time in hundredths of a second. */
const TICK = 10;

interface Look {
  /** In MB. */
  memory: number;
  peak: number;
  /** In milliseconds. */
  cpu: number;
}

/** A process inside, or `undefined` if it has ended. */
function lookAt({ systemd }: AppUnderLoad, pid: number): Look | undefined {
  try {
    const status = readFileSync(systemd.hostPath(`/proc/${pid}/status`), "utf8");
    const stat = readFileSync(systemd.hostPath(`/proc/${pid}/stat`), "utf8")
      .split(") ")[1]
      ?.split(" ");
    const inMB = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
    const memory = inMB("VmRSS");
    // The process has ended, and its parent has not reaped it yet.
    if (Number.isNaN(memory)) return undefined;
    return { memory, peak: inMB("VmHWM"), cpu: (Number(stat?.[11]) + Number(stat?.[12])) * TICK };
  } catch {
    return undefined;
  }
}

/** Resolves to the last sample of a process before it ended. */
async function untilEnded(app: AppUnderLoad, pid: number): Promise<Look | undefined> {
  let last: Look | undefined;
  for (let look = lookAt(app, pid); look !== undefined; look = lookAt(app, pid)) {
    last = look;
    await delay(INTERVAL);
  }
  return last;
}

const figures: Figure[] = [
  ["systemctl reload returns after", "ms"],
  ["the old process has ended after", "ms"],
  ["CPU time of the old process", "ms"],
  ["CPU time of the new process", "ms"],
  ["memory of the old process before", "MB"],
  ["memory of the old process at most", "MB"],
  ["memory of the new process afterwards", "MB"],
  ["longest wait of a busy client", "ms"],
  ["the same without a handover", "ms"],
].map(([name = "", unit = ""]) => ({ name, unit, better: "lower" }));

async function handOver(app: AppUnderLoad): Promise<number[]> {
  const old = await app.pid();
  const before = lookAt(app, old);
  const began = performance.now();
  const ended = untilEnded(app, old).then((last) => ({ last, gone: performance.now() - began }));
  await app.systemd.systemctl("reload", "app.service");
  const returned = performance.now() - began;
  const { last, gone } = await ended;
  const after = lookAt(app, await app.pid());
  if (!before || !last || !after) throw new Error("a process has ended too early");
  return [returned, gone, last.cpu - before.cpu, after.cpu, before.memory, last.peak, after.memory];
}

export const bench: Bench = {
  runs: 5,
  needs: ["private systemd"],
  options: { connections: { type: "string", default: "5000" }, busy: { type: "string", default: "1" } },
  isExtra: true,
  async measure({ runs, options }) {
    const connections = countOf("connections", options["connections"]);
    const busy = countOf("busy", options["busy"]);
    await using app = await AppUnderLoad.boot();
    await app.install(fileURLToPath(new URL("../apps/handover.mjs", import.meta.url)), {
      handover: true,
      hardening: "inbound",
    });
    await app.systemd.start("app.service");
    await using idle = await app.load("idle", { clients: connections, timeout: TIMEOUT });
    await using client = await app.load("busy", { connections: busy, keepAlive: true, timeout: TIMEOUT });

    const rounds: number[][] = [];
    for (let round = 0; round < runs; round++) {
      await client.round();
      await delay(CALM);
      await client.round();
      const measured = await handOver(app);
      await client.round();
      await idle.round();
      rounds.push(measured);
    }
    const [one, all] = [await client.result(), await idle.result()];
    const strangers = all.phases.filter(({ pids }) => pids.length !== 1).length;
    if (
      all.lost + one.lost + all.closed + all.resets + one.resets + strangers > 0 ||
      all.connections + one.connections !== connections + busy
    )
      throw new Error(`A client noticed a handover: ${JSON.stringify({ all, one })}`);
    // The first phase is the start. Then there are three for each handover: every connection sends a request,
    // nothing happens, the handover.
    for (const [round, values] of rounds.entries())
      values.push(one.phases[3 * round + 3]!.longest, one.phases[3 * round + 2]!.longest);
    const name = `${connections} idle connections${busy === 1 ? "" : `, ${busy} busy clients`}`;
    const values = Object.fromEntries(
      figures.map((figure, index) => [figure.name, rounds.map((round) => round[index]!)]),
    );
    return [{ title: "Handover", figures, arms: [{ name, against: name, values }], goals: [] }];
  },
};

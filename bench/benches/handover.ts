// What the handover of many idle connections takes: time, memory and CPU.
//
// npm run bench -- handover [--connections N] [--times N]
//
// --connections N  how many idle connections there are, 5,000 by default
// --times N        how many handovers are measured, 5 by default
//
// It needs root and systemd. The app is a server of node:http with @sockact/core, in the inbound sandbox. One more client always has a request
// under way. After each handover, each connection sends a request: it must still be open, and the new process must answer.
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "simple-statistics";
import { AppUnderLoad } from "../../packages/testkit/src/app-under-load.ts";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "5000" },
    times: { type: "string", default: "5" },
  },
});
const connections = Number(values.connections);
const times = Number(values.times);
const TIMEOUT = 10;
/** How long the busy client is alone before each handover, in milliseconds. */
const CALM = 1000;
/** How often a process is looked at, in milliseconds. */
const INTERVAL = 2;
/** proc_pid_stat(5): the kernel counts CPU time in hundredths of a second. */
const TICK = 10;

await using app = await AppUnderLoad.boot();
const { systemd } = app;

interface Look {
  /** In MB. */
  memory: number;
  peak: number;
  /** In milliseconds. */
  cpu: number;
}

/** A process inside, or `undefined` if it has ended. */
function lookAt(pid: number): Look | undefined {
  try {
    const status = readFileSync(systemd.hostPath(`/proc/${pid}/status`), "utf8");
    const stat = readFileSync(systemd.hostPath(`/proc/${pid}/stat`), "utf8")
      .split(") ")[1]
      ?.split(" ");
    const inMB = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
    const memory = inMB("VmRSS");
    // The process has ended, and its parent has not seen it yet.
    if (Number.isNaN(memory)) return undefined;
    return { memory, peak: inMB("VmHWM"), cpu: (Number(stat?.[11]) + Number(stat?.[12])) * TICK };
  } catch {
    return undefined;
  }
}

/** Resolves to the last look at a process before it ended. */
async function untilEnded(pid: number): Promise<Look | undefined> {
  let last: Look | undefined;
  for (let look = lookAt(pid); look !== undefined; look = lookAt(pid)) {
    last = look;
    await delay(INTERVAL);
  }
  return last;
}

/** One handover, in milliseconds and MB. */
async function handOver(): Promise<Record<string, number>> {
  const old = await app.pid();
  const before = lookAt(old);
  const began = performance.now();
  const ended = untilEnded(old).then((last) => ({ last, gone: performance.now() - began }));
  await systemd.systemctl("reload", "app.service");
  const returned = performance.now() - began;
  const { last, gone } = await ended;
  const after = lookAt(await app.pid());
  if (!before || !last || !after) throw new Error("a process has ended too early");
  return {
    "systemctl reload returns after, ms": returned,
    "the old process has ended after, ms": gone,
    "CPU time of the old process, ms": last.cpu - before.cpu,
    "CPU time of the new process, ms": after.cpu,
    "memory of the old process before, MB": before.memory,
    "memory of the old process at most, MB": last.peak,
    "memory of the new process afterwards, MB": after.memory,
  };
}

await app.install(fileURLToPath(new URL("../apps/handover.mjs", import.meta.url)), {
  handover: true,
  hardening: "inbound",
});
await systemd.start("app.service");
await using idle = await app.load("idle", { clients: connections, timeout: TIMEOUT });
await using client = await app.load("busy", { connections: 1, keepAlive: true, timeout: TIMEOUT });

const figures: Record<string, number[]> = {};
for (let count = 0; count < times; count++) {
  await client.round();
  await delay(CALM);
  await client.round();
  const measured = await handOver();
  await client.round();
  await idle.round();
  for (const [name, value] of Object.entries(measured)) (figures[name] ??= []).push(value);
}
const [{ phases: ofClient, ...one }, { phases, ...all }] = [await client.result(), await idle.result()];
// The first phase is the start. Then there are three for each handover: every connection sends a request, nothing happens, the handover.
const longestOf = (remainder: number): number[] =>
  ofClient.filter((_, index) => index > 0 && index % 3 === remainder).map(({ longest }) => longest);
figures["longest wait of the busy client, ms"] = longestOf(0);
figures["the same without a handover, ms"] = longestOf(2);

console.log(
  `Node ${process.version}, ${connections} idle connections, ${times} handovers: the median, and in brackets the least and the most`,
);
for (const [name, each] of Object.entries(figures))
  console.log(
    `  ${name.padEnd(44)}${median(each).toFixed()} (${Math.min(...each).toFixed()} to ${Math.max(...each).toFixed()})`,
  );
console.log(
  `  requests failed: ${all.lost + one.lost}; connections opened: ${all.connections + one.connections}, closed by the server: ${all.closed}`,
);
const strangers = phases.filter(({ pids }) => pids.length !== 1).length;
if (
  all.lost + one.lost + all.closed + all.resets + one.resets + strangers > 0 ||
  all.connections + one.connections !== connections + 1
) {
  console.log(JSON.stringify({ all, one, phases }));
  process.exitCode = 1;
}

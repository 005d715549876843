// A handover with WebSockets, idle or busy, which move, or close with 1001 and connect again.
//
// npm run bench -- websockets [--runs N] [--only TEXT] [--out FILE]
//
// It needs root and systemd. "change" is from the command until each WebSocket is open, and the old process has
// ended. "wait" is the longest wait of a message that is sent meanwhile, on a WebSocket that is chosen at random. A
// busy WebSocket always waits for an answer, so "wait" is the longest of all of them.
// "CPU" is that of both processes. "memory" is what the new process has at the end, for each WebSocket.
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { bootPrivateSystemd, type PrivateSystemd, watchProcess } from "@sockact/testkit";
import { HandoverService } from "../../packages/core/test/reloaded-service.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure } from "../lib/measured.ts";
import { memoryOf } from "../lib/process-memory.ts";

const KINDS = [
  { count: 1000, kind: "idle" },
  { count: 10_000, kind: "idle" },
  { count: 1000, kind: "busy" },
];
/** Each WebSocket has a descriptor in each process. */
const FILES = 40_000;

const figures: Figure[] = [
  { name: "change", unit: "ms", better: "lower" },
  { name: "wait", unit: "ms", better: "lower" },
  { name: "CPU", unit: "ms", better: "lower" },
  { name: "memory", unit: "kB", better: "lower" },
  { name: "closed", unit: "", better: "lower" },
];

const inside = (systemd: PrivateSystemd, program: string): string =>
  systemd.inside(fileURLToPath(new URL(`../programs/${program}`, import.meta.url)));

/** An app with this many WebSockets. */
async function start(
  name: string,
  { count, kind }: (typeof KINDS)[number],
  keep: string,
): Promise<Arm & AsyncDisposable> {
  const systemd = await bootPrivateSystemd();
  const service = await HandoverService.start(systemd, {
    exec: `${systemd.node} ${inside(systemd, "websocket-app.mjs")}`,
    env: { KEEP: keep, SOCKACT_DRAIN_TIMEOUT: "60s" },
    lines: `LimitNOFILE=${FILES}`,
  });
  const idle = memoryOf(systemd.hostPath(`/proc/${await service.pid()}`)).PSS;
  const command = `ulimit -n ${FILES}; exec "$0" "$@"`;
  const program = [systemd.node, inside(systemd, "websocket-clients.mjs"), `${count}`, kind];
  const clients = watchProcess(systemd.spawn(["sh", "-c", command, ...program]));
  await clients.event("running");
  const end = (): Promise<{ longest: number; closed: number }> => {
    clients.write("end");
    return clients.event("seen");
  };
  const cpu = (): number => {
    const path = `/sys/fs/cgroup/system.slice/${service.unit}/cpu.stat`;
    return Number(/^usage_usec (\d+)/m.exec(readFileSync(systemd.hostPath(path), "utf8"))?.[1]) / 1000;
  };
  return {
    name,
    against: `${count} ${kind} that move`,
    async measure() {
      clients.write("begin");
      const before = await service.pid();
      const used = cpu();
      const began = performance.now();
      const after = await service.reload();
      await service.untilGone(before);
      const { longest, closed } = await end();
      const change = performance.now() - began;
      const CPU = cpu() - used;
      const memory = ((memoryOf(systemd.hostPath(`/proc/${after}`)).PSS - idle) * 1000) / count;
      return { change, wait: longest, CPU, memory, closed };
    },
    [Symbol.asyncDispose]: () => systemd.close(),
  };
}

export const bench: Bench = {
  runs: 5,
  needs: ["private systemd"],
  isExtra: true,
  async measure({ runs, only }) {
    const tables = [];
    for (const each of KINDS) {
      const { count, kind } = each;
      await using kept = await start(`${count} ${kind} that move`, each, "1");
      await using again = await start(`${count} ${kind} that move, again`, each, "1");
      await using closed = await start(`${count} ${kind} that connect again`, each, "");
      const title = `A handover with ${count} ${kind} WebSockets`;
      const arms = armsNamed([kept, again, closed], only);
      tables.push(await compare({ title, figures }, arms, runs));
    }
    return tables;
  },
};

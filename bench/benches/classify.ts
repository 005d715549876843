// How long activatedSockets() takes for 1 to 1,000 sockets, and whether open connections of other processes
// make it slower.
//
// npm run bench -- classify [--runs N] [--only TEXT] [--out FILE]
//
// Each measurement is the first call in a process of its own. "TCP, 50,000 open" has that many connections of
// the same kind in the same network namespace. The ratios are those of the CPU time. The bench measures the
// built packages.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type AppProcess, startProcess } from "../../packages/testing/src/app-process.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";
import { temporaryFolder } from "../lib/temporary-folder.ts";

const CONNECTIONS = 50_000;
/**
 * How many connections one process opens. It has both ends of each, and some machines allow 20,000
 * descriptors.
 */
const SHARE = 5000;
const COUNTS = [1, 16, 256, 1000];
const KINDS = { tcp: "TCP", unix: "unix", abstract: "abstract unix" };
type Kind = keyof typeof KINDS;

/**
 * The kind of the connections, and their number. TCP comes last: all network namespaces share the kernel's
 * table of TCP connections.
 */
const SITUATIONS: [Kind, number][] = [
  ["tcp", 0],
  ["unix", CONNECTIONS],
  ["abstract", CONNECTIONS],
  ["tcp", CONNECTIONS],
];

const figures: Figure[] = [
  { name: "time", unit: "ms", better: "lower" },
  { name: "CPU", unit: "ms", better: "lower" },
  { name: "CPU a socket", unit: "ms", better: "lower" },
];

const nameOf = (kind: Kind, count: number, connections: number): string =>
  `${count} ${KINDS[kind]}${connections > 0 ? ", 50,000 open" : ""}`;

const planned = SITUATIONS.flatMap(([open, connections]) =>
  (Object.keys(KINDS) as Kind[])
    .filter((kind) => connections === 0 || kind === open)
    .flatMap((kind) =>
      COUNTS.map((count, index) => ({
        kind,
        count,
        situation: { open, connections },
        name: nameOf(kind, count, connections),
        against: connections > 0 ? nameOf(kind, count, 0) : nameOf(kind, COUNTS[index - 1] ?? count, 0),
      })),
    ),
);

const goals: Goal[] = planned.flatMap(({ name: arm, count, situation }): Goal[] => [
  ...(count === 1 ? [{ arm, figure: "time", of: "value", atMost: 1 } as const] : []),
  ...(situation.connections > 0
    ? [{ arm, figure: "CPU", of: "ratio", atMost: 1.5 } as const]
    : count > 1
      ? [{ arm, figure: "CPU a socket", of: "ratio", atMost: 1.1 } as const]
      : []),
]);

// Each situation has its own network namespace, so the connections of this machine don't count. Without root,
// that needs a user namespace too.
const namespace = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
const inside = ["unshare", ...namespace, "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const program = fileURLToPath(new URL("../programs/situation.ts", import.meta.url));

function start(kind: Kind, connections: number, folder: string): AppProcess {
  mkdirSync(folder);
  const args = [kind, String(connections), String(SHARE), folder];
  return startProcess([...inside, process.execPath, ...process.execArgv, program, ...args]);
}

export const bench: Bench = {
  runs: 10,
  needs: ["unshare"],
  async measure({ runs, only }) {
    const title = "activatedSockets()";
    const all: MeasuredTable = { title, figures, arms: [], goals };
    const chosen = armsNamed(planned, only);
    const folder = temporaryFolder();
    for (const [open, connections] of SITUATIONS) {
      const here = chosen.filter(
        ({ situation }) => situation.open === open && situation.connections === connections,
      );
      if (here.length === 0) continue;
      await using situation = start(open, connections, join(folder, `${open}-${connections}`));
      for (let held = 0; held < connections; held += SHARE) await situation.event("held");
      const arms = here.map(({ name, against, kind, count }): Arm => ({
        name,
        against,
        async measure() {
          situation.write(`${kind} ${count}`);
          const { milliseconds, cpu } =
            await situation.event<Record<"milliseconds" | "cpu", number>>("asked");
          return { time: milliseconds, CPU: cpu, "CPU a socket": cpu / count };
        },
      }));
      all.arms.push(...(await compare({ title, figures }, arms, runs)).arms);
      situation.endInput();
      await situation.ended;
    }
    return [all];
  },
};

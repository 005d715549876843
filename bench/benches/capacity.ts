// How many sleeping apps a host holds: what each one costs systemd, and how long the host takes to load the
// units, to open the sockets and to wake one app.
//
// npm run bench -- capacity [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// Each count of apps has a private systemd. The apps are those of the example for Express, in the default
// sandbox, with one socket each. "systemd" is the memory that process 1 alone has. The kernel's memory for a
// listening socket is not counted: it is about 2 kB. "load" is `systemctl daemon-reload`, "open" is the start
// of all sockets, and "wake" is the first request to one app while all others sleep. The bench needs root and
// systemd.
import { type Bench, type MeasuredNode } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import { ManyApps } from "../lib/many-apps.ts";
import type { Figure, MeasuredTable } from "../lib/measured.ts";

const COUNTS = [1, 100, 1000];

const figures: Figure[] = [
  { name: "systemd", unit: "MB", better: "lower" },
  { name: "load", unit: "ms", better: "lower" },
  { name: "open", unit: "ms", better: "lower" },
  { name: "wake", unit: "ms", better: "lower" },
];

async function measure(node: string, count: number): Promise<Record<string, number>> {
  await using host = await ManyApps.install(node, count);
  const { open } = host;
  // The first start of an app reads its files from the disk.
  await host.wakeOne();
  await host.sleep();
  const load = await host.reloadManager();
  const wake = await host.wakeOne();
  await host.sleep();
  const { "own of systemd": systemd = Number.NaN } = await host.measure();
  return { systemd, load, open, wake };
}

const armOf =
  ({ binary }: MeasuredNode) =>
  (count: number): Arm => {
    const name = count === 1 ? "1 app" : `${count} apps`;
    return { name, against: "1 app", measure: () => measure(binary, count) };
  };

export const bench: Bench = {
  runs: 3,
  needs: ["private systemd"],
  isExtra: true,
  async measure({ runs, nodes, only }) {
    const tables: MeasuredTable[] = [];
    for (const node of nodes) {
      const title = `Sleeping Express apps on one host, Node ${node.major}`;
      tables.push(await compare({ title, figures }, armsNamed(COUNTS.map(armOf(node)), only), runs, 0));
    }
    return tables;
  },
};

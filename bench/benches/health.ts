// What a probe of the health socket takes: the socket that answers a load balancer while the app sleeps.
//
// npm run bench -- health [--runs N] [--out FILE]
//
// It needs root and systemd. The client is outside, so the CPU time is that of systemd, the journal and the
// shell that answers. The unit as it is written is compared with one without its sandbox.
import { once } from "node:events";
import { emitUnits } from "@sockact/units";
import { bootPrivateSystemd, connectInside, type PrivateSystemd } from "@sockact/testkit";
import type { Bench } from "../lib/bench.ts";
import { compare } from "../lib/compare.ts";
import type { Figure } from "../lib/measured.ts";

/** How many probes a round has, one after the other. */
const PROBES = 20;

const figures: Figure[] = [
  { name: "a probe", unit: "ms", better: "lower" },
  { name: "CPU", unit: "ms", better: "lower" },
];

const arms = [
  { name: "health socket", port: 18_500, isConfined: true },
  { name: "without a sandbox", port: 18_501, isConfined: false },
];

/** The program that answers, without its sandbox. */
function unconfined(service: string): string {
  const [kept = ""] = service.split("MemoryDenyWriteExecute=");
  return kept.replace("DynamicUser=yes\n", "");
}

async function probe(systemd: PrivateSystemd, port: number): Promise<void> {
  const client = connectInside(systemd, `127.0.0.1:${port}`);
  client.resume().write("GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n");
  await once(client, "close");
}

/** The CPU time of everything inside, in milliseconds. */
async function cpuOf(systemd: PrivateSystemd): Promise<number> {
  const stat = await systemd.mustRun(["cat", "/sys/fs/cgroup/cpu.stat"]);
  return Number(/^usage_usec (\d+)/m.exec(stat)?.[1]) / 1000;
}

export const bench: Bench = {
  runs: 20,
  needs: ["private systemd"],
  isExtra: true,
  async measure({ runs }) {
    await using systemd = await bootPrivateSystemd();
    for (const { name, port, isConfined } of arms) {
      const app = name.replaceAll(" ", "-");
      const units = emitUnits({
        name: app,
        exec: ["/bin/sleep", "infinity"],
        sockets: [{ listen: `/run/${app}.sock` }],
        healthSocket: port,
      });
      const service = `${app}-health@.service`;
      if (!isConfined) units[service] = unconfined(units[service]!);
      await systemd.installUnits(units);
      await systemd.start(`${app}.socket`);
      await probe(systemd, port);
    }
    const measure = async (port: number): Promise<Record<string, number>> => {
      const before = await cpuOf(systemd);
      const began = performance.now();
      for (let count = 0; count < PROBES; count++) await probe(systemd, port);
      const took = performance.now() - began;
      return { "a probe": took / PROBES, CPU: ((await cpuOf(systemd)) - before) / PROBES };
    };
    const measured = arms.map(({ name, port }) => ({
      name,
      against: "without a sandbox",
      measure: () => measure(port),
    }));
    return [await compare({ title: "A probe of the health socket", figures }, measured, runs)];
  },
};

// What happens to ten apps while Prometheus watches them, and a second count of it: by the load itself, and by
// `systemctl show`.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { AppDescription } from "@sockact/units";
import type { Settings, WatchedHost } from "./watched-host.ts";

/** What the load has counted: values by the series of Prometheus. */
export type Counted = Map<string, number>;

/** How long the load pauses between two events of an app, in milliseconds. */
const PAUSE = 1500;

/** Connections that stay open. */
const HELD = 3;

interface WatchedApp {
  name: string;
  description?: Partial<AppDescription> & { settings?: Settings };
  /** Causes one event, and counts it. */
  act(host: WatchedHost, port: number, add: (series: string, value?: number) => void): Promise<void>;
}

const show = async (host: WatchedHost, name: string, property: string): Promise<number> =>
  Number(await host.systemd.show(`${name}.service`, property));

/** The clients of an app whose connections survive a handover. */
const kept = new WeakMap<WatchedHost, () => Promise<{ pid: string; port: number }[]>>();

/** The client that has woken the app, and keeps it awake. */
const awake = new WeakMap<WatchedHost, ChildProcess>();

/** A client whose request is under way until `kill()`. */
async function holdRequest(host: WatchedHost, port: number): Promise<ChildProcess> {
  const script = `require("node:http").get("http://127.0.0.1:${port}/hold", () => console.log("held"));`;
  const client = host.systemd.spawn([host.systemd.node, "--eval", script]);
  await once(createInterface({ input: client.stdout! }), "line");
  return client;
}

/** Opens connections that stay open, and returns what asks once on each of them. */
function keepClients(host: WatchedHost, port: number): () => Promise<{ pid: string; port: number }[]> {
  const script = `
    const { Agent, get } = require("node:http");
    const agents = Array.from({ length: ${HELD} }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const ask = (agent) => new Promise((resolve) => {
      const request = get({ port: ${port}, host: "127.0.0.1", agent }, (response) => {
        let pid = "";
        const local = response.socket.localPort;
        response.on("data", (chunk) => (pid += chunk)).on("end", () => resolve({ pid, port: local }));
      });
      request.on("error", () => resolve({ pid: "", port: 0 }));
    });
    require("node:readline").createInterface({ input: process.stdin }).on("line", async () =>
      console.log(JSON.stringify(await Promise.all(agents.map(ask)))));`;
  const client = host.systemd.spawn([host.systemd.node, "--eval", script]);
  const lines = createInterface({ input: client.stdout! });
  return async () => {
    client.stdin!.write("\n");
    const [line] = (await once(lines, "line")) as [string];
    return JSON.parse(line) as { pid: string; port: number }[];
  };
}

/** The apps, in the order of their ports. */
export const watchedApps: readonly WatchedApp[] = [
  {
    name: "sleeps",
    description: { idleTimeout: "1s" },
    async act(host, port, add) {
      awake.get(host)?.kill();
      await host.systemd.waitForUnit("sleeps.service", "ActiveState", "inactive");
      const slept = await show(host, "sleeps", "InactiveEnterTimestampMonotonic");
      awake.set(host, await holdRequest(host, port));
      const began = await show(host, "sleeps", "InactiveExitTimestampMonotonic");
      add("sockact_asleep_seconds_total", (began - slept) / 1e6);
      add("sockact_wakes_total");
      add("sockact_starts_total");
      add("sockact_wake_duration_seconds_count");
    },
  },
  {
    name: "restarts",
    async act(host, _, add) {
      await host.systemd.systemctl("restart", "restarts.service");
      add("sockact_starts_total");
      add('sockact_restarts_total{reason="request"}');
    },
  },
  {
    name: "crashes",
    async act(host, port, add) {
      const before = await show(host, "crashes", "NRestarts");
      await host.ask(port, "/crash");
      await host.systemd.waitForUnit("crashes.service", "NRestarts", String(before + 1));
      await host.systemd.waitForUnit("crashes.service", "ActiveState", "active");
      add("sockact_crashes_total");
      add("sockact_starts_total");
      add('sockact_restarts_total{reason="failure"}');
    },
  },
  {
    name: "handover",
    description: { handover: true },
    async act(host, port, add) {
      const ask = kept.get(host) ?? keepClients(host, port);
      kept.set(host, ask);
      const before = await ask();
      await host.mustSockact("reload", "handover");
      const after = await ask();
      add('sockact_handovers_total{result="success"}');
      add("sockact_handover_duration_seconds_count");
      const moved = after.filter(({ pid, port: local }, index) => {
        const earlier = before[index]!;
        return pid !== earlier.pid && local === earlier.port;
      });
      add("sockact_connections_moved_total", moved.length);
    },
  },
  {
    name: "broken-handover",
    description: { handover: true },
    async act(host, _, add) {
      await host.set("broken-handover", { broken: true });
      if ((await host.sockact("reload", "broken-handover")).code !== 1) throw new Error("it handed over");
      add('sockact_handovers_total{result="failure"}');
    },
  },
  {
    name: "reloads",
    description: { type: "notify-reload" },
    async act(host, _, add) {
      const broken = Math.random() < 0.5;
      await host.set("reloads", { broken });
      const { code } = await host.sockact("reload", "reloads");
      add(`sockact_reloads_total{result="${code === 0 ? "success" : "failure"}"}`);
      if (code === 0) add("sockact_reload_duration_seconds_count");
    },
  },
  {
    name: "broken",
    description: { restart: "no" },
    async act(host, _, add) {
      await host.systemd.systemctl("stop", "broken.service");
      // Otherwise, systemd refuses the sixth start within ten seconds.
      await host.systemd.systemctl("reset-failed", "broken.service");
      await host.set("broken", { broken: true });
      const { code } = await host.systemd.run(["systemctl", "start", "broken.service"]);
      if (code === 0) throw new Error("broken starts");
      add("sockact_failed_starts_total");
      add("sockact_starts_total");
    },
  },
  {
    name: "cuts",
    description: { drainTimeout: "1s" },
    async act(host, port, add) {
      const held = Array.from({ length: 2 }, () => host.ask(port, "/hold"));
      const pid = await host.systemd.show("cuts.service", "MainPID");
      await host.systemd.waitUntil(async () => {
        const script = `ss -Htn state established "( sport = :${port} )" | wc -l`;
        return Number(await host.systemd.mustRun(["sh", "-c", script])) === 2;
      }, `process ${pid} holds two connections`);
      await host.systemd.systemctl("restart", "cuts.service");
      const answers = await Promise.all(held);
      add("sockact_connections_cut_total", answers.filter((answer) => answer !== 200).length);
      add('sockact_restarts_total{reason="request"}');
      add("sockact_starts_total");
    },
  },
  {
    name: "proxied",
    description: { sockets: [{ listen: 8008, proxyProtocol: { from: ["127.0.0.1"] } }] },
    async act(host, port, add) {
      if ((await host.ask(port)) === 200) throw new Error("proxied answers without a PROXY header");
      add("sockact_connections_rejected_total");
    },
  },
  {
    name: "drained",
    description: { health: "/healthz" },
    async act(host, port) {
      // The app looks at most once a second whether it is drained.
      const probe = async (expected: number) =>
        host.systemd.waitUntil(
          async () => (await host.ask(port, "/healthz")) === expected,
          `a probe got ${expected}`,
        );
      await host.mustSockact("undrain", "drained");
      await probe(200);
      await host.mustSockact("drain", "drained");
      await probe(503);
    },
  },
];

export const portOf = (name: string): number => 8000 + watchedApps.findIndex((app) => app.name === name);

/** The series of an app. */
export const seriesOf = (series: string, app: string): string => {
  const [name = "", labels = ""] = series.split(/[{}]/);
  return `${name}{${[`app="${app}"`, labels].filter((part) => part !== "").join(", ")}}`;
};

/** Starts all apps. Nothing of it counts. */
export async function start(host: WatchedHost): Promise<void> {
  for (const { name, act } of watchedApps)
    if (name === "sleeps") await act(host, portOf(name), () => {});
    else await host.systemd.start(`${name}.service`);
}

/** Makes things happen to all apps for some seconds, and returns what it has counted. */
export async function load(host: WatchedHost, seconds: number): Promise<Counted> {
  const counted: Counted = new Map();
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    watchedApps.map(async ({ name, act }, index) => {
      const add = (series: string, value = 1) => {
        const key = seriesOf(series, name);
        counted.set(key, (counted.get(key) ?? 0) + value);
      };
      for (let pause = (index * PAUSE) / watchedApps.length; performance.now() < end; pause = PAUSE) {
        await delay(pause);
        await act(host, portOf(name), add);
      }
    }),
  );
  // It records the connections that it has rejected since its last record.
  await host.systemd.stop("proxied.service");
  return counted;
}

// Many apps behind one proxy by host name: their memory, the first byte of a sleeping one over HTTPS, and what
// browsers notice when apps or the proxy change.
//
// npm run bench -- hosts [--apps N] [--wakes N] [--runs N] [--only caddy|nginx] [--out FILE]
//
// --apps N   how many apps there are, 50 by default
// --wakes N  how many sleeping apps of each arm a round wakes, 15 by default
//
// It needs root and systemd, Caddy and nginx. `sockact install` installs the apps of Express in a private systemd,
// each with a host name, in the default sandbox and with a handover. Caddy has a certificate for each host, and
// nginx one for all of them. "socket-proxyd" is the same app with `listen(port)` and no sockact: systemd holds its
// unix socket, systemd-socket-proxyd starts it, and the site and the sandbox are the same.
//
// - Memory is PSS, from /proc/PID/smaps_rollup. No process outside uses the same files of Node and of the proxy.
// - The first byte counts from the connection of the client, with the TLS handshake. Each round wakes one app of
//   each arm in turn. "again" is the same arm twice.
// - The clients under load are those of packages/testkit/src/browsers-program.mjs: pages and forms over HTTP/1.1
//   and HTTP/2 to several hosts at once, uploads, event streams, WebSockets, and visitors of apps that fall
//   asleep after 2 s. "failed" counts requests, streams and messages; "not under way" are those that were not
//   under way in a process when it was killed. "repeated" are requests that a client has repeated on a new
//   connection. A restart, a handover or a kill happens to five apps one after the other. docs/hosts.md says what
//   tcp_migrate_req does.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quantile, shuffle } from "simple-statistics";
import { watchProcess } from "../../packages/testing/src/app-process.ts";
import { randomFrom } from "../../packages/testing/programs/load/random.mjs";
import { type Change, underLoad } from "../../packages/testkit/src/hosts-under-load.ts";
import { hostOf, type HostsProxy, ManyHosts } from "../../packages/testkit/src/many-hosts.ts";
import { PackedPackages } from "../../packages/testkit/src/packed-packages.ts";
import { type Bench, countOf } from "../lib/bench.ts";
import { type Arm, compare } from "../lib/compare.ts";
import { clientProgram, firstBytes } from "../lib/first-byte.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";

const NAMES = { caddy: "Caddy", nginx: "nginx" };
/** How many apps are awake, are under constant load, and fall asleep under load. */
const AWAKE = 5;
const BUSY = 5;
const SLEEPY = 4;

const lower = (unit: string, ...names: string[]): Figure[] =>
  names.map((name) => ({ name, unit, better: "lower" }));

const named = (name: string, count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, index) => `${name}${first + index}`);

export const bench: Bench = {
  runs: 3,
  needs: ["private systemd", "caddy", "nginx", "openssl"],
  options: { apps: { type: "string", default: "50" }, wakes: { type: "string", default: "15" } },
  isExtra: true,
  async measure({ runs, only, options }) {
    const count = countOf("apps", options["apps"]);
    const wakes = countOf("wakes", options["wakes"]);
    const folder = mkdtempSync(join(tmpdir(), "sockact-hosts-"));
    const tables: MeasuredTable[] = [];
    try {
      const packed = await PackedPackages.packInto(folder);
      for (const proxy of ["caddy", "nginx"] as const) {
        if (!proxy.includes(only)) continue;
        await using hosts = await ManyHosts.boot(proxy, packed);
        const apps = named("app", count);
        tables.push(await installation(hosts, apps));
        tables.push(await memory(hosts, apps));
        const others = named("other", Math.max(AWAKE, BUSY + SLEEPY));
        await hosts.addOthers(others, apps[0]!);
        tables.push(await memoryOfOthers(hosts, others));
        tables.push(await wake(hosts, { apps, others, runs, wakes }));
        tables.push(await load(hosts, { apps, others, runs }));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    return tables;
  },
};

const titled = (proxy: HostsProxy, text: string): string => `${text} behind ${NAMES[proxy]}`;

/** The apps with load that fall asleep are installed last. */
async function installation(hosts: ManyHosts, apps: readonly string[]): Promise<MeasuredTable> {
  const many = apps.slice(1, -SLEEPY);
  const first = await hosts.install(apps.slice(0, 1), { idleTimeout: "10min" });
  const together = await hosts.install(many, { idleTimeout: "10min" });
  const last: number[] = [];
  for (const name of apps.slice(-SLEEPY)) last.push(await hosts.install([name], { idleTimeout: "2s" }));
  const arm = (name: string, values: number[]) => ({ name, against: name, values: { installation: values } });
  return {
    title: titled(hosts.proxy, `sockact install of ${apps.length} apps`),
    figures: lower("s", "installation"),
    arms: [
      arm("the first app", [first]),
      arm(`${many.length} apps in one call, for each`, [together / many.length]),
      arm(`one app more, with ${apps.length - SLEEPY} others`, last),
    ],
    goals: [],
  };
}

const memoryFigures = [...lower("MB", "apps", "proxy", "together"), ...lower("", "processes of apps")];

function look(hosts: ManyHosts, apps: RegExp): Record<string, number> {
  const proxy = hosts.memory(new RegExp(`/${hosts.proxy}\\.service$`));
  const own = hosts.memory(apps);
  return {
    apps: own.PSS,
    proxy: proxy.PSS,
    together: own.PSS + proxy.PSS,
    "processes of apps": own.processes,
  };
}

async function ask(hosts: ManyHosts, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { systemd } = hosts;
    // A reload of nginx returns before the new sites are served.
    const retry = ["--retry", "20", "--retry-delay", "1", "--retry-all-errors"];
    const url = `https://${hostOf(name)}/`;
    await systemd.mustRun(["curl", "--silent", "--fail", "--insecure", ...retry, url]);
  }
}

async function memory(hosts: ManyHosts, apps: readonly string[]): Promise<MeasuredTable> {
  const { systemd, proxy } = hosts;
  const units = /\/app\d+\.service$/;
  const services = apps.map((name) => `${name}.service`);
  await systemd.stop(...services);
  const measured: [string, Record<string, number>][] = [];
  measured.push(["none awake, after the installations", look(hosts, units)]);
  await systemd.restart(`${proxy}.service`);
  await ask(hosts, apps.slice(0, 1));
  await systemd.stop(...services);
  measured.push(["none awake", look(hosts, units)]);
  await ask(hosts, apps.slice(0, AWAKE));
  measured.push([`${AWAKE} awake`, look(hosts, units)]);
  await ask(hosts, apps.slice(0, -SLEEPY));
  measured.push([`${apps.length - SLEEPY} awake`, look(hosts, units)]);
  await systemd.stop(...services);
  const goal: Goal = { arm: "none awake", figure: "apps", of: "value", atMost: 0 };
  return tableOf(titled(proxy, `Memory of ${apps.length} apps`), measured, [goal]);
}

async function memoryOfOthers(hosts: ManyHosts, others: readonly string[]): Promise<MeasuredTable> {
  const { systemd, proxy } = hosts;
  await ask(hosts, others.slice(0, AWAKE));
  const measured: [string, Record<string, number>] = [
    `socket-proxyd, ${AWAKE} awake`,
    look(hosts, /\/other\d+(?:@proxy)?\.service$/),
  ];
  await systemd.stop(...others.map((name) => `${name}.service`));
  return tableOf(titled(proxy, "Memory of apps with socket-proxyd"), [measured], []);
}

function tableOf(
  title: string,
  measured: readonly [string, Record<string, number>][],
  goals: Goal[],
): MeasuredTable {
  const arms = measured.map(([name, values]) => ({
    name,
    against: name,
    values: Object.fromEntries(Object.entries(values).map(([figure, value]) => [figure, [value]])),
  }));
  return { title, figures: memoryFigures, arms, goals };
}

interface Named {
  apps: readonly string[];
  others: readonly string[];
  runs: number;
}

const ASLEEP = "asleep";
const MIGRATED = "reload of the proxy, tcp_migrate_req";

async function wake(
  hosts: ManyHosts,
  { apps, others, runs, wakes }: Named & { wakes: number },
): Promise<MeasuredTable> {
  const { systemd, proxy } = hosts;
  await using client = watchProcess(systemd.spawn([systemd.node, systemd.inside(clientProgram)]));
  const sleeping = apps.slice(AWAKE, -SLEEPY);
  const awake = apps.slice(0, AWAKE);
  await systemd.start(...awake.map((name) => `${name}.service`), `${others[0]}.service`);
  const askAwake = async (name: string): Promise<number> => (await firstBytes(client, [hostOf(name)]))[0]!;
  const askAsleep = async (name: string): Promise<number> => {
    const time = await askAwake(name);
    // It has started. This waits until it is ready.
    await systemd.start(`${name}.service`);
    await systemd.stop(`${name}.service`);
    return time;
  };
  const half = Math.floor(sleeping.length / 2);
  const turn = (names: readonly string[], count: number): string => names[count % names.length]!;
  const arms: { name: string; against: string; measure(count: number): Promise<number> }[] = [
    { name: ASLEEP, against: ASLEEP, measure: (count) => askAsleep(turn(sleeping.slice(0, half), count)) },
    {
      name: "asleep, again",
      against: ASLEEP,
      measure: (count) => askAsleep(turn(sleeping.slice(half), count)),
    },
    { name: "awake", against: ASLEEP, measure: (count) => askAwake(turn(awake, count)) },
    {
      name: "socket-proxyd, asleep",
      against: ASLEEP,
      measure: (count) => askAsleep(turn(others.slice(1), count)),
    },
    { name: "socket-proxyd, awake", against: "awake", measure: () => askAwake(others[0]!) },
  ];
  const random = randomFrom(1);
  const measured = arms.map(({ name, against }) => ({
    name,
    against,
    values: {} as Record<string, number[]>,
  }));
  // The first wake of each app fills the caches of the kernel.
  for (let round = -1; round < runs; round++) {
    const times = arms.map((): number[] => []);
    for (let count = 0; count < wakes; count++)
      for (const index of shuffle([...arms.keys()], random))
        times[index]!.push(await arms[index]!.measure(count));
    if (round < 0) continue;
    for (const [index, { values }] of measured.entries())
      for (const [figure, at] of [
        ["median", 0.5],
        ["95 %", 0.95],
      ] as const)
        (values[figure] ??= []).push(quantile(times[index]!, at));
  }
  await systemd.stop(...[...awake, others[0]!].map((name) => `${name}.service`));
  return {
    title: titled(proxy, `First byte over HTTPS of one of ${apps.length} apps`),
    figures: lower("ms", "median", "95 %"),
    arms: measured,
    goals: [{ arm: "socket-proxyd, asleep", figure: "median", of: "ratio", atLeast: 1 }],
  };
}

async function load(hosts: ManyHosts, { apps, others, runs }: Named): Promise<MeasuredTable> {
  const own = { names: apps.slice(0, BUSY), sleepy: apps.slice(-SLEEPY) };
  const other = { names: others.slice(0, BUSY), sleepy: others.slice(BUSY, BUSY + SLEEPY) };
  const arm = (name: string, change: Change, scenario: typeof own, isMigrated = false): Arm => ({
    name,
    against: name,
    async measure() {
      await hosts.migrateConnections(isMigrated);
      const outcome = await underLoad(hosts, change, { ...scenario, times: 1 });
      for (const { kind, failure } of outcome.failed)
        console.error(`${hosts.proxy}, ${name}: ${kind}: ${failure}`);
      return {
        failed: outcome.failed.length,
        "not under way": outcome.unexplained.length,
        "under way": outcome.underWay,
        repeated: outcome.repeated.length,
        reopened: outcome.reopened,
        "longest wait": outcome.longest,
        asked: outcome.asked.length,
      };
    },
  });
  const changes: Change[] = ["nothing", "restart", "handover", "reload of the proxy", "kill -9"];
  const arms = [
    ...changes.map((change) => arm(change, change, own)),
    arm(MIGRATED, "reload of the proxy", own, true),
    ...changes
      .filter((change) => change !== "handover")
      .map((change) => arm(`socket-proxyd, ${change}`, change, other)),
  ];
  const figures = [
    ...lower("", "failed", "not under way", "under way", "repeated", "reopened"),
    ...lower("ms", "longest wait"),
    { name: "asked", unit: "", better: "higher" } as const,
  ];
  // A reload of Caddy is not without failures: docs/hosts.md.
  const goals = ["nothing", "restart", "handover", "kill -9"].map((name): Goal => ({
    arm: name,
    figure: name === "kill -9" ? "not under way" : "failed",
    of: "most",
    atMost: 0,
  }));
  const title = titled(hosts.proxy, `${apps.length} apps under load`);
  return compare({ title, figures, goals }, arms, runs, 0);
}

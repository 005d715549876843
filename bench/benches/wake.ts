// How long the first client of a sleeping app waits under systemd, in the sandbox: one app, and twenty at the
// same moment.
//
// npm run bench -- wake [--runs N] [--node 20,22,24,26] [--only TEXT] [--out FILE]
//
// systemd starts each app by a connection, with units of @sockact/units that have `hardening: "inbound"`. The
// units of apps with sockact also have `type: "notify"` and `idleTimeout`. An app of a framework is compared
// with the same app that calls `listen({ fd: 3 })`. "faster" apps, which are bundled into one file or have
// `compileCache`, are compared with bare Node. An app that a signal ends fills no compile cache, so all
// "faster" apps use sockact. The CPU time is that of the whole service. The bench needs root, and it measures
// the built packages.
import { fileURLToPath } from "node:url";
import { median } from "simple-statistics";
import type { Bench } from "../lib/bench.ts";
import { bundle, bundleOf, bundlers } from "../lib/bundle.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import { START_FIGURES } from "../lib/figures.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";
import { fileOf, withPeers } from "../lib/peers.ts";
import { type SleepingApp, SleepingApps } from "../lib/sleeping-apps.ts";

/** The first port. Each app listens on the next one. */
let port = 18_300;

const bare: SleepingApp["units"] = { type: "exec" };
const sockact: SleepingApp["units"] = { type: "notify", idleTimeout: "5min" };
const cached: SleepingApp["units"] = { ...sockact, compileCache: true };

interface Sleeper extends SleepingApp {
  name: string;
  against: string;
}

function sleeper(name: string, against: string, units: SleepingApp["units"], program: string): Sleeper {
  return { name, against, units, program, port: port++ };
}

function app(name: string): string {
  return fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url));
}

const sleepers: Sleeper[] = [
  sleeper("node", "node", bare, app("node")),
  sleeper("node, no sandbox", "node", { ...bare, hardening: "none" }, app("node")),
  sleeper("node, outbound sandbox", "node", { ...bare, hardening: "outbound" }, app("node")),
  sleeper("core", "node", sockact, app("core")),
  sleeper("systemd", "node", bare, fileOf("activation", "systemd.mjs")),
  sleeper("systemd-socket", "node", bare, fileOf("activation", "systemd-socket.mjs")),
  ...["express", "koa", "fastify"].flatMap((name) => [
    sleeper(`${name}-node`, `${name}-node`, bare, app(`${name}-node`)),
    sleeper(name, `${name}-node`, sockact, app(name)),
  ]),
  sleeper("faster express: cached", "node", cached, app("express")),
  ...bundlers.flatMap((bundler) => [
    sleeper(`faster express: ${bundler}`, "node", sockact, bundleOf("express", bundler)),
    sleeper(`faster express: ${bundler}, cached`, "node", cached, bundleOf("express", bundler)),
  ]),
];

const CROWD = 20;

interface Crowd {
  name: string;
  against: string;
  apps: Sleeper[];
}

function crowd(name: string, units: SleepingApp["units"], program: string): Crowd {
  const apps = Array.from({ length: CROWD }, () => sleeper(name, name, units, program));
  return { name, against: "express-node", apps };
}

const crowds = [crowd("express-node", bare, app("express-node")), crowd("express", sockact, app("express"))];

const crowdFigures: Figure[] = [
  { name: "median first byte", unit: "ms", better: "lower" },
  { name: "last first byte", unit: "ms", better: "lower" },
  { name: "CPU", unit: "ms", better: "lower" },
];

const goals: Goal[] = [
  ...["core", "express", "koa", "fastify"].map((arm) => atMost(1.08, arm)),
  atMost(1.2, "faster express: Rolldown, cached"),
];

function atMost(ratio: number, arm: string, figure = "first byte"): Goal {
  return { arm, figure, of: "ratio", atMost: ratio };
}

export const bench: Bench = {
  runs: 10,
  needs: ["private systemd"],
  nodes: ["20", "26"],
  async measure({ runs, nodes, only }) {
    await bundle(app("express"), "express");
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      // Node 20 has no compile cache.
      const supported = sleepers.filter(({ units }) => major !== "20" || units.compileCache !== true);
      const alone = await withPeers(armsNamed(supported, only));
      const together = armsNamed(crowds, only);
      if (alone.length + together.length === 0) continue;
      await using apps = await SleepingApps.boot(binary, [
        ...alone,
        ...together.flatMap((each) => each.apps),
      ]);
      const arms = alone.map((each): Arm => ({
        ...each,
        async measure() {
          const { firstBytes, CPU } = await apps.wake([each]);
          return { "first byte": firstBytes[0]!, CPU };
        },
      }));
      const crowdArms = together.map((each): Arm => ({
        ...each,
        async measure() {
          const { firstBytes, CPU } = await apps.wake(each.apps);
          return {
            "median first byte": median(firstBytes),
            "last first byte": Math.max(...firstBytes),
            CPU,
          };
        },
      }));
      const title = `Wake on Node ${major}`;
      tables.push(await compare({ title, figures: START_FIGURES, goals }, arms, runs));
      if (crowdArms.length === 0) continue;
      const description = {
        title: `${CROWD} apps wake at the same moment on Node ${major}`,
        figures: crowdFigures,
        goals: [atMost(1.08, "express", "last first byte")],
      };
      tables.push(await compare(description, crowdArms, Math.ceil(runs / 2)));
    }
    return tables;
  },
};

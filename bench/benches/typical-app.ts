// How long the first client of a sleeping Express app with helmet, compression, morgan, zod, jsonwebtoken and dotenv waits.
//
// npm run bench -- typical-app [--runs N] [--node 24,26] [--only TEXT] [--out FILE]
//
// systemd starts the app by a connection, in the sandbox `inbound`. The app that calls `listen({ fd: 3 })` is
// compared with itself once more, and with sockact: with `compileCache`, bundled into one file, and with
// both. The CPU time is that of the whole service. The bench needs root, and it measures the built packages.
import type { Bench } from "../lib/bench.ts";
import { bundle, bundleOf, bundlers } from "../lib/bundle.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import { START_FIGURES } from "../lib/figures.ts";
import type { Goal, MeasuredTable } from "../lib/measured.ts";
import { fileOf, installPeers } from "../lib/peers.ts";
import { type SleepingApp, SleepingApps } from "../lib/sleeping-apps.ts";

const itself = "listen({ fd: 3 })";
const plain = fileOf("npm-apps", "express-fd.mjs");
const program = fileOf("npm-apps", "express-sockact.mjs");

const bare: SleepingApp["units"] = { type: "exec" };
const sockact: SleepingApp["units"] = { type: "notify", idleTimeout: "5min" };
const cached: SleepingApp["units"] = { ...sockact, compileCache: true };

const sleepers = (
  [
    [itself, bare, plain],
    [`${itself}, again`, bare, plain],
    ["sockact", sockact, program],
    ["sockact, cached", cached, program],
    ...bundlers.flatMap((bundler) => [
      [`sockact, ${bundler}`, sockact, bundleOf("typical", bundler)] as const,
      [`sockact, ${bundler}, cached`, cached, bundleOf("typical", bundler)] as const,
    ]),
  ] as const
).map(([name, units, file], index) => ({
  name,
  against: itself,
  units,
  program: file,
  port: 18_700 + index,
}));

const goals: Goal[] = [
  { arm: "sockact, cached", figure: "first byte", of: "ratio", atMost: 0.85 },
  { arm: "sockact, esbuild, cached", figure: "first byte", of: "ratio", atMost: 0.7 },
];

export const bench: Bench = {
  runs: 30,
  needs: ["private systemd"],
  nodes: ["24", "26"],
  isExtra: true,
  async measure({ runs, nodes, only }) {
    await installPeers("npm-apps");
    await bundle(program, "typical");
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      const chosen = armsNamed(sleepers, only);
      await using apps = await SleepingApps.boot(binary, chosen);
      const arms = chosen.map((each): Arm => ({
        ...each,
        async measure() {
          const { firstBytes, CPU } = await apps.wake([each]);
          return { "first byte": firstBytes[0]!, CPU };
        },
      }));
      const title = `Wake of a typical Express app on Node ${major}`;
      tables.push(await compare({ title, figures: START_FIGURES, goals }, arms, runs));
    }
    return tables;
  },
};

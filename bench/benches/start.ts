// How long the first client waits, from its connection to the first byte: sockact, its peers and bare Node.
//
// npm run bench -- start [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// systemd-socket-activate waits for the connection, and becomes the app. An app of a framework is compared with the same app that calls
// `listen({ fd: 3 })`, and any other app with bare Node. The bench measures the built packages.
import { fileURLToPath } from "node:url";
import { type ActivatedApp, socketActivator } from "../lib/activators.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import { START_FIGURES } from "../lib/figures.ts";
import type { MeasuredTable } from "../lib/measured.ts";

/** Each app of the folder apps, and the app that it is compared with. */
const apps = {
  node: "node",
  core: "node",
  systemd: "node",
  "systemd-socket": "node",
  "socket-activation": "node",
  "express-node": "express-node",
  express: "express-node",
  "koa-node": "koa-node",
  koa: "koa-node",
  "fastify-node": "fastify-node",
  fastify: "fastify-node",
};

/** The first port. Each app listens on the next one. */
const FIRST_PORT = 18_100;

const all = Object.entries(apps).map(([name, against], index) => ({
  name,
  against,
  program: fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url)),
  port: FIRST_PORT + index,
})) satisfies (ActivatedApp & { against: string })[];

export const bench: Bench = {
  runs: 10,
  nodes: ["20", "26"],
  async measure({ runs, nodes, only }) {
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      await using activator = socketActivator(binary);
      const arms = armsNamed(all, only).map((app): Arm => ({
        ...app,
        measure: () => activator.measure(app),
      }));
      const title = `Start by systemd-socket-activate on Node ${major}`;
      tables.push(await compare({ title, figures: START_FIGURES }, arms, runs));
    }
    return tables;
  },
};

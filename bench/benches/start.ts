// How long the first client waits, from its connection to the first byte: sockact, its peers and bare Node.
//
// npm run bench -- start [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// systemd-socket-activate waits for the connection, and becomes the app. An app of a framework is compared
// with the same app that calls `listen({ fd: 3 })`, and any other app with bare Node. An app of SvelteKit
// with its handler in @sockact/core is compared with the server that SvelteKit builds. The bench measures the
// built packages.
import { fileURLToPath } from "node:url";
import { type ActivatedApp, socketActivator } from "../lib/activators.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import { START_FIGURES } from "../lib/figures.ts";
import type { MeasuredTable } from "../lib/measured.ts";
import { fileOf, versionsOf, withPeers } from "../lib/peers.ts";

/** Each app, its program, and the app that it is compared with. */
const apps: [name: string, program: string, against: string][] = [
  ["node", own("node"), "node"],
  ["core", own("core"), "node"],
  ...Object.keys(versionsOf("activation")).map((name): [string, string, string] => [
    name,
    fileOf("activation", `${name}.mjs`),
    "node",
  ]),
  ["express-node", own("express-node"), "express-node"],
  ["express", own("express"), "express-node"],
  ["koa-node", own("koa-node"), "koa-node"],
  ["koa", own("koa"), "koa-node"],
  ["fastify-node", own("fastify-node"), "fastify-node"],
  ["fastify", own("fastify"), "fastify-node"],
  ["sveltekit", fileOf("sveltekit", "dist/index.js"), "sveltekit"],
  ["sveltekit-core", fileOf("sveltekit", "core.mjs"), "sveltekit"],
];

function own(name: string): string {
  return fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url));
}

const all = apps.map(([name, program, against]) => ({ name, against, program })) satisfies (ActivatedApp & {
  against: string;
})[];

export const bench: Bench = {
  runs: 10,
  needs: ["systemd-socket-activate"],
  nodes: ["20", "26"],
  async measure({ runs, nodes, only }) {
    const tables: MeasuredTable[] = [];
    const chosen = await withPeers(armsNamed(all, only));
    for (const { major, binary } of nodes) {
      await using activator = socketActivator(binary);
      const arms = chosen.map((app): Arm => ({ ...app, measure: () => activator.measure(app) }));
      const title = `Start by systemd-socket-activate on Node ${major}`;
      tables.push(await compare({ title, figures: START_FIGURES }, arms, runs));
    }
    return tables;
  },
};

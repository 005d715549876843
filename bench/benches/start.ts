// How long the first client waits, from its connection to the first byte: sockact, its peers and bare Node.
//
// npm run bench -- start [--systemd] [--runs N] [--node 20,26] [--only TEXT] [--json]
//
// --runs N     rounds in which everything is measured once, 30 by default
// --node LIST  the major versions of Node, by default the one in use and 26; others come from npm
// --only TEXT  only what has TEXT in its name, and the arms that these are compared with
// --json       the figures as JSON
// --systemd    under a real systemd, which needs root, instead of systemd-socket-activate
//
// An app of a framework is compared with the same app that calls `listen({ fd: 3 })`, and any other app with bare Node. The bench measures the built
// packages. With --systemd, the apps are services of a real systemd, in the sandbox that @sockact/units writes: ours with Type=notify, and those
// that send no READY=1 with Type=exec.
import { fileURLToPath } from "node:url";
import { type ActivatedApp, socketActivator, systemdActivator } from "../lib/activators.ts";
import { type Arm, armsNamed, compare, type Comparison } from "../lib/compare.ts";
import { readCompareOptions, report } from "../lib/options.ts";

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

/** The apps that tell the service manager that they are ready. */
const OURS = ["core", "express", "koa", "fastify"];

/** The first port. Each app listens on the next one. */
const FIRST_PORT = 18_100;

const { runs, nodes, only, isJson, flags } = readCompareOptions({ flags: ["systemd"] });
const all = Object.entries(apps).map(([name, against], index) => ({
  name,
  against,
  program: fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url)),
  port: FIRST_PORT + index,
  isNotifying: OURS.includes(name),
})) satisfies ActivatedApp[];
const chosen = armsNamed(all, only);
const isUnderSystemd = flags.has("systemd");
const comparisons: Comparison[] = [];
for (const { major, binary } of nodes) {
  await using activator = isUnderSystemd ? await systemdActivator(binary, chosen) : socketActivator(binary);
  const arms = chosen.map((app): Arm => ({ ...app, measure: () => activator.measure(app) }));
  const where = isUnderSystemd ? "in the sandbox under systemd" : "by systemd-socket-activate";
  comparisons.push(await compare(`Start ${where} on Node ${major}`, arms, runs));
}
report(comparisons, isJson);

// How much memory Express apps take in a private systemd: one, several, and asleep.
//
// npm run bench -- memory [--apps N]
//
// --apps N  how many apps there are, 10 by default
//
// Each app is examples/express, in the sandbox that @sockact/units writes, after one request. RSS counts all pages of the process. Most of Node's
// own code is in memory once for all processes, so "own" counts the pages that no other process has: what one more app adds.
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { emitUnits } from "@sockact/units";
import { bootPrivateSystemd } from "../../packages/testkit/src/index.ts";

const { values } = parseArgs({ options: { apps: { type: "string", default: "10" } } });
const count = Number(values.apps);
const PORT = 8000;

await using systemd = await bootPrivateSystemd();
const names = Array.from({ length: count }, (_, index) => `app${index}`);
const program = `${systemd.project}/examples/express/server.js`;

/** A figure of one process, in MB. */
const inMB = (text: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) / 1024;

/** What a service takes, in MB. */
async function memoryOf(name: string): Promise<Record<string, number>> {
  const pid = await systemd.show(`${name}.service`, "MainPID");
  const rollup = readFileSync(systemd.hostPath(`/proc/${pid}/smaps_rollup`), "utf8");
  const own = inMB(rollup, "Private_Clean") + inMB(rollup, "Private_Dirty");
  return { RSS: inMB(rollup, "Rss"), own };
}

/** The mean of the services that run. */
async function mean(running: readonly string[]): Promise<Record<string, string>> {
  const all = await Promise.all(running.map(memoryOf));
  return Object.fromEntries(
    Object.keys(all[0]!).map((key) => [
      key,
      (all.reduce((sum, each) => sum + each[key]!, 0) / all.length).toFixed(1),
    ]),
  );
}

for (const [index, name] of names.entries())
  await systemd.installUnits(
    emitUnits({
      name,
      exec: [systemd.node, program],
      type: "notify",
      idleTimeout: "1h",
      sockets: [{ listen: PORT + index }],
    }),
    { verify: false },
  );
await systemd.start(...names.map((name) => `${name}.socket`));
const rows: Record<string, Record<string, string>> = {};
for (const [index, name] of names.entries()) {
  await systemd.request(`http://localhost:${PORT + index}/`);
  await systemd.waitForUnit(`${name}.service`, "ActiveState", "active");
  if (index === 0) rows["one app, awake"] = await mean([name]);
}
rows[`each of ${count}, awake`] = await mean(names);
await systemd.stop(...names.map((name) => `${name}.service`));
const pids = await Promise.all(names.map((name) => systemd.show(`${name}.service`, "MainPID")));
rows["each, asleep"] = Object.fromEntries(Object.keys(rows["one app, awake"]!).map((key) => [key, "0"]));
if (pids.some((pid) => pid !== "0")) throw new Error("an app still runs");
console.log(`Node ${process.version}, in MB`);
console.table(rows);

// How long activatedSockets() takes, and whether open connections of other processes make it slower.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../packages/testkit/src/app-process.ts";
import type { Measured, Tables } from "../programs/situation.ts";

const CONNECTIONS = 50_000;

// TCP comes last: all network namespaces share the kernel's table of connections, and these take a while to leave it.
const SITUATIONS = [
  { title: "no connections", args: ["tcp", "0", "path"] },
  { title: `${CONNECTIONS} unix`, args: ["unix", String(CONNECTIONS), "path"] },
  { title: `${CONNECTIONS} unix, @abstract`, args: ["unix", String(CONNECTIONS), "abstract"] },
  { title: `${CONNECTIONS} TCP`, args: ["tcp", String(CONNECTIONS), "path"] },
];

// Each situation has its own network namespace, so that the connections of this machine don't count. Without root, that also takes a user
// namespace.
const namespace = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
const inside = ["unshare", ...namespace, "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const program = [
  process.execPath,
  ...process.execArgv,
  fileURLToPath(new URL("../programs/situation.ts", import.meta.url)),
];
const folder = mkdtempSync(join(tmpdir(), "sockact-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const results: { title: string; tables: Tables; measured: Measured }[] = [];
for (const [index, { title, args }] of SITUATIONS.entries()) {
  const own = join(folder, String(index));
  mkdirSync(own);
  await using situation = startProcess([...inside, ...program, ...args, own]);
  const { tables } = await situation.event<{ tables: Tables }>("ready");
  const measured = await situation.event<Measured>("measured");
  await situation.ended;
  results.push({ title, tables, measured });
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const milliseconds = (value: number): string => value.toFixed(1);
const [none] = results;
if (!none) throw new Error("There is nothing to compare with");
const times = (which: keyof Measured, measured: Measured): string =>
  `× ${(median(measured[which]) / median(none.measured[which])).toFixed(1)}`;

console.log(`Node ${process.version}, medians of ${none.measured.ours.length} processes, in milliseconds`);
console.table(
  Object.fromEntries(
    results.map(({ title, tables, measured }) => [
      title,
      {
        "rows of tcp, tcp6, unix": Object.values(tables).join(", "),
        "activatedSockets()": milliseconds(median(measured.ours)),
        "least to most": `${milliseconds(Math.min(...measured.ours))} to ${milliseconds(Math.max(...measured.ours))}`,
        ratio: times("ours", measured),
        "whole tables": milliseconds(median(measured.naive)),
        "their ratio": times("naive", measured),
      },
    ]),
  ),
);

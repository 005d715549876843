// npm run bench: how long activatedSockets() takes, and whether it minds the connections that others hold open.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess } from "../packages/testkit/src/app-process.ts";
import type { Measured, Tables } from "./situation.ts";

const CONNECTIONS = 50_000;
const ROUNDS = 15;

const SITUATIONS = [
  { title: "no connections", args: ["tcp", "0", "path"] },
  { title: `${CONNECTIONS} TCP`, args: ["tcp", String(CONNECTIONS), "path"] },
  { title: `${CONNECTIONS} unix`, args: ["unix", String(CONNECTIONS), "path"] },
  { title: `${CONNECTIONS} unix, @abstract`, args: ["unix", String(CONNECTIONS), "abstract"] },
];

// Each situation has a network namespace of its own, so that all exist at once and take turns; as others than root with the user
// namespace that this takes.
const namespace = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
const inside = ["unshare", ...namespace, "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const program = [
  process.execPath,
  ...process.execArgv,
  fileURLToPath(new URL("situation.ts", import.meta.url)),
];

const folder = mkdtempSync(join(tmpdir(), "sockact-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const situations = [];
for (const [index, { title, args }] of SITUATIONS.entries()) {
  const own = join(folder, String(index));
  mkdirSync(own);
  const measurer = startProcess([...inside, ...program, ...args, own]);
  // One after the other, for each has 20 seconds to open its connections.
  const { tables } = await measurer.event<{ tables: Tables }>("ready");
  situations.push({ title, measurer, tables, ours: [] as number[], naive: [] as number[] });
}
for (let round = 0; round < ROUNDS; round++) {
  for (const { measurer, ours, naive } of situations) {
    measurer.write("measure");
    const measured = await measurer.event<Measured>("measured");
    ours.push(measured.ours);
    naive.push(measured.naive);
  }
}

await Promise.all(situations.map(({ measurer }) => measurer[Symbol.asyncDispose]()));

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const milliseconds = (value: number): string => value.toFixed(1);
const times = (values: number[], first: number[]): string =>
  `× ${(median(values) / median(first)).toFixed(1)}`;
const [baseline] = situations;
if (!baseline) throw new Error("There is nothing to compare with");

console.log(`Node ${process.version}, medians of ${ROUNDS} processes, in milliseconds`);
console.table(
  Object.fromEntries(
    situations.map(({ title, tables, ours, naive }) => [
      title,
      {
        "rows of tcp, tcp6, unix": Object.values(tables).join(", "),
        "activatedSockets()": milliseconds(median(ours)),
        "to no connections": times(ours, baseline.ours),
        "least to most": `${milliseconds(Math.min(...ours))} to ${milliseconds(Math.max(...ours))}`,
        "whole tables": milliseconds(median(naive)),
        "to none": times(naive, baseline.naive),
      },
    ]),
  ),
);

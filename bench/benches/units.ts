// How long @sockact/units takes to emit, parse, lint and fix unit files, and whether ten times the size takes ten times as long.
//
// npm run bench -- units [--shape TEXT] [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// --shape TEXT  instead of the units of apps, files that each have much of one thing, such as "comments": all whose name contains TEXT
//
// The units are those of Express apps, in the default sandbox. Of the size "500 kB" are so many apps that all files together have that size. Each
// measurement works on about 5 MB in all: on the small sizes several times. The times are CPU times. The bench measures the built package.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../packages/testkit/src/app-process.ts";
import { type AppDescription, emitUnits } from "../../packages/units/src/index.ts";
import { shapes } from "../../packages/units/test/shapes.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";

const SIZES = { "50 kB": 50_000, "500 kB": 500_000, "5 MB": 5_000_000 };
const [SMALLEST, , LARGEST] = Object.keys(SIZES) as [string, string, string];
const WORK = ["emit", "parse", "lint", "fix"];

/** What the program reads: files, and the descriptions that they were emitted from. */
interface Input {
  files: Record<string, string>;
  descriptions?: AppDescription[];
}

const figures: Figure[] = [
  { name: "1 MB", unit: "ms", better: "lower" },
  { name: "unit files", unit: "files/s", better: "higher" },
];

const program = fileURLToPath(new URL("../programs/units.mjs", import.meta.url));

const sizeOf = (files: Record<string, string>): number =>
  Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** Units of so many apps that they have this size. */
function apps(bytes: number): Input {
  const files: Record<string, string> = {};
  const descriptions: AppDescription[] = [];
  for (let size = 0; size < bytes;) {
    const index = descriptions.length;
    const description: AppDescription = {
      name: `app${index}`,
      exec: ["/usr/bin/node", `/srv/app${index}/server.js`],
      sockets: [{ listen: `/run/app${index}/http.sock` }],
      environment: { NODE_ENV: "production" },
      idleTimeout: "10min",
    };
    const emitted = emitUnits(description);
    descriptions.push(description);
    Object.assign(files, emitted);
    size += sizeOf(emitted);
  }
  return { files, descriptions };
}

/** What is measured: how its inputs are made, by the name in the table. */
function inputsOf(shape: string): [name: string, make: (bytes: number) => Input][] {
  if (shape === "") return [["", apps]];
  return Object.entries(shapes)
    .filter(([name]) => name.includes(shape))
    .map(([name, make]) => [`${name}, `, (bytes) => ({ files: make(bytes) })]);
}

export const bench: Bench = {
  runs: 5,
  options: { shape: { type: "string", default: "" } },
  async measure({ runs, nodes, only, options }) {
    const inputs: Input[] = [];
    const arms = inputsOf(options["shape"]!).flatMap(([prefix, make]) =>
      Object.entries(SIZES).flatMap(([size, bytes]) => {
        const input = make(bytes);
        const index = inputs.push(input) - 1;
        const megabytes = sizeOf(input.files) / 1e6;
        const files = Object.keys(input.files).length;
        return WORK.filter((work) => work !== "emit" || input.descriptions).map((work) => ({
          name: `${prefix}${work}, ${size}`,
          against: `${prefix}${work}, ${SMALLEST}`,
          line: (times: number) => `${work} ${index} ${times}`,
          times: Math.max(1, Math.round(SIZES[LARGEST as keyof typeof SIZES] / bytes)),
          megabytes,
          files,
        }));
      }),
    );
    const goals = arms
      .filter(({ name }) => name.endsWith(LARGEST))
      .map(({ name }): Goal => ({ arm: name, figure: "1 MB", of: "ratio", atMost: 1.3 }));
    const folder = mkdtempSync(join(tmpdir(), "sockact-bench-"));
    const file = join(folder, "inputs.json");
    writeFileSync(file, JSON.stringify(inputs));
    const tables: MeasuredTable[] = [];
    try {
      for (const { major, binary } of nodes) {
        await using worker = startProcess([binary, program, file]);
        const measured = armsNamed(arms, only).map(
          ({ name, against, line, times, megabytes, files }): Arm => ({
            name,
            against,
            async measure() {
              worker.write(line(times));
              const { milliseconds } = await worker.event<{ milliseconds: number }>("done");
              return {
                "1 MB": milliseconds / (megabytes * times),
                "unit files": (files * times * 1000) / milliseconds,
              };
            },
          }),
        );
        tables.push(await compare({ title: `Units on Node ${major}`, figures, goals }, measured, runs));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return tables;
  },
};

// How long @sockact/units takes for unit files: to emit, parse, lint and fix them, and whether ten times the
// size takes ten times as long.
//
// npm run bench -- units [--shape TEXT] [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// --shape TEXT instead of the units of apps, files that each have much of one thing, such as "comments": all
// whose name contains TEXT
//
// The units are those of Express apps, in the default sandbox. Of the size "500 kB" are so many apps that all
// files together have that size. emitUnits() takes one app at a time, so it is not measured with 5 MB. The
// times are CPU times. The bench measures the built package.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../packages/testing/src/app-process.ts";
import { type AppDescription, emitUnits } from "../../packages/units/src/index.ts";
import { shapes } from "../../packages/units/test/shapes.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";
import { temporaryFolder } from "../lib/temporary-folder.ts";

const SMALLEST = "50 kB";
const LARGEST = "5 MB";
const MIDDLE = 500_000;
const SIZES = { [SMALLEST]: 50_000, "500 kB": MIDDLE, [LARGEST]: 5_000_000 };
const WORK = ["emit", "parse", "lint", "fix"];

/** The input of the program: files, and the descriptions that emitted them. */
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

/** The units of as many apps as give this size. */
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

/** The measured functions, with the code that makes their inputs, by the name in the table. */
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
    const folder = temporaryFolder();
    const tables: MeasuredTable[] = [];
    const planned = inputsOf(options["shape"]!).flatMap(([prefix, make], index) =>
      Object.entries(SIZES).flatMap(([size, bytes]) => {
        const input = make(bytes);
        const file = join(folder, `${index}-${size}.json`);
        writeFileSync(file, JSON.stringify(input));
        const works = WORK.filter((work) => work !== "emit" || (input.descriptions && size !== LARGEST));
        return works.map((work) => ({
          name: `${prefix}${work}, ${size}`,
          against: `${prefix}${work}, ${SMALLEST}`,
          work: [file, work, String(Math.max(1, MIDDLE / bytes))],
          megabytes: sizeOf(input.files) / 1e6,
          files: Object.keys(input.files).length,
        }));
      }),
    );
    const goals = planned
      .filter(({ name }) => !name.endsWith(SMALLEST))
      .map(({ name }): Goal => ({ arm: name, figure: "1 MB", of: "ratio", atMost: 1.3 }));
    for (const { major, binary } of nodes) {
      const arms = armsNamed(planned, only).map(({ name, against, work, megabytes, files }): Arm => ({
        name,
        against,
        async measure() {
          const milliseconds = await run([binary, program, ...work]);
          return { "1 MB": milliseconds / megabytes, "unit files": (files * 1000) / milliseconds };
        },
      }));
      tables.push(await compare({ title: `Units on Node ${major}`, figures, goals }, arms, runs, 0));
    }
    return tables;
  },
};

/** How long one run of the function takes. */
async function run(command: string[]): Promise<number> {
  await using app = startProcess(command);
  await app.ended;
  return app.event<{ milliseconds: number }>("done").then(({ milliseconds }) => milliseconds);
}

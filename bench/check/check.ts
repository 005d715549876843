import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isInstalled } from "../../scripts/lib/is-installed.ts";
import { type Accepted, compareFigures } from "./compare-figures.ts";
import { measureFigures } from "./figures.ts";

const HELP = `npm run bench:check -- [options]

Compares what an app with sockact costs with what it cost in the last release. Exits with 1 if something has become clearly worse.
Each figure is a ratio to the same app without sockact, or to an HTTP server of Node alone. The start and the wake of an app, a request
and a connection are counted in instructions, by Valgrind, and in allocated bytes. Times would depend on the computer.

  --accept      writes the ratios of this checkout to bench/accepted.json, for you to commit
  --only TEXT   only the figures that have TEXT in their names, such as start
  --help        prints this text
`;

const file = fileURLToPath(new URL("../accepted.json", import.meta.url));

/** Prints an error, and ends the process. */
function fail(message: string, status: number): never {
  console.error(message);
  process.exit(status);
}

function readOptions(): { accept: boolean; only: string } {
  try {
    const options = {
      accept: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      help: { type: "boolean", short: "h" },
    } as const;
    const { values } = parseArgs({ options });
    if (!values.help) return values;
  } catch (error) {
    fail(`${(error as Error).message}\n\n${HELP}`, 2);
  }
  console.log(HELP);
  return process.exit();
}

/** A broken file must not cost a minute. */
function readAccepted(): Accepted {
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Accepted) : {};
  } catch (error) {
    return fail(
      `bench/accepted.json can't be read: ${(error as Error).message}. \`git checkout\` restores it.`,
      2,
    );
  }
}

const { accept, only } = readOptions();
for (const program of ["valgrind", "vgdb"])
  if (!isInstalled(program))
    fail(
      `bench:check counts instructions with Valgrind, and ${program} is not installed: sudo apt-get install valgrind`,
      2,
    );
const old = readAccepted();
console.log("Counting instructions and bytes, which takes about a minute");
const figures = await measureFigures(only);
if (figures.length === 0) fail(`No figure has "${only}" in its name. All are in bench/accepted.json.`, 2);
if (accept) {
  const others = Object.entries(old).filter(([name]) => !name.includes(only));
  const ratios = figures.map(({ name, ratio }) => [name, Number(ratio.toFixed(3))] as const);
  writeFileSync(file, `${JSON.stringify(Object.fromEntries([...others, ...ratios]), undefined, 2)}\n`);
  console.log("bench/accepted.json has the ratios of this checkout. Read `git diff bench`, and commit it.");
} else {
  const accepted = Object.entries(old).filter(([name]) => name.includes(only));
  const { table, problems } = compareFigures(figures, Object.fromEntries(accepted));
  console.log(table);
  if (problems.length > 0)
    fail(
      `${problems.join("\n")}\n\nFind the change that made it worse, and fix it: \`npm run bench\` lists what measures times. ` +
        "If the change is worth its price, run `npm run bench:check -- --accept`, and commit bench/accepted.json with a message that says why.",
      1,
    );
}

import process from "node:process";
import { Debian, suites } from "./lib/debian.ts";
import { fail } from "./lib/node-binary.ts";
import { type Place, runInPlaces } from "./lib/test-runs.ts";

const list = Object.entries(suites).map(([version, suite]) => `${version} (${suite})`);
const HELP = `npm run test:on-systemd -- [versions of systemd] [arguments of vitest]

Runs the tests of npm test on other versions of systemd: ${list.join(", ")}. Each is a release of Debian in .cache/debian, which debootstrap
downloads once: for the newest sid, remove .cache/debian/sid. It needs root. Without arguments of vitest, it writes a row for each systemd into docs/tested.md.

  npm run test:on-systemd                         on each of them
  npm run test:on-systemd -- 252 packages/units   a part of them on systemd 252`;

const args = process.argv.slice(2);
if (args[0] === "--help" || args[0] === "-h") {
  console.log(HELP);
  process.exit(0);
}
// A filter of vitest is a path, so it has a slash or a dot. An option of vitest begins with a dash.
const other = args.findIndex((argument) => !/^\w+$/.test(argument));
const named = args.slice(0, other === -1 ? args.length : other);
const suiteOf = (name: string): string =>
  suites[name] ??
  (Object.values(suites).includes(name)
    ? name
    : fail(
        `The tests can't run on systemd ${name}: name ${list.join(", ")}, or none for all. Write test files as paths, such as packages/units.`,
      ));
const chosen = new Set(named.length > 0 ? named.map(suiteOf) : Object.values(suites));
if (process.getuid?.() !== 0) fail("This command boots systemd, so it needs root. Run it with sudo.");

async function* places(): AsyncGenerator<Place> {
  for (const suite of chosen) {
    const debian = await Debian.ofSuite(suite);
    const { stdout } = await debian.run(["systemctl", "--version"]);
    yield {
      cells: [/\((.+?)\)/.exec(stdout)?.[1] ?? "unknown", debian.name],
      run: async (command) => (await debian.run(command, { stdio: ["ignore", "inherit", "inherit"] })).status,
    };
  }
}
try {
  await runInPlaces(places(), args.slice(named.length), {
    heading: ["systemd", "distribution"],
    key: (version) => String(Number.parseInt(version)),
  });
} catch (error) {
  fail((error as Error).message);
}

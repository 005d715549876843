// npm run test:fresh -- [PLACE…] [vitest arguments]: runs the demo and the tests as on a new machine.
//
// Each place is a minimal Debian with Node, npm and a copy of what is committed, without node_modules. All
// are used by default:
//
//   root      a clone, as root, without systemd, as in a plain container
//   user      an archive without .git, as a user who is not root, without systemd
//   systemd   a clone, as root, with systemd and the rights to boot one
//
//   npm run test:fresh
//   npm run test:fresh -- user packages/core      # only these tests, without the demo
//   npm run test:fresh -- root systemd -t "answers"
//
//   --help    this
//
// It needs root, debootstrap, git, and Debian's and npm's registries. What is downloaded stays in .cache.
// Everything else is in memory, and is gone at the end.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Debian } from "./lib/debian.ts";
import { failuresIn, readFreshArguments, type Place } from "./lib/fresh-machine.ts";
import { helpOf } from "./lib/help-of.ts";
import { nodeBinary } from "./lib/node-binary.ts";
import { npmSettings } from "./lib/npm-settings.ts";

const project = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const script = join(project, "scripts/lib/fresh-debian.sh");
const suite = "trixie";

let asked: NodeJS.Signals | undefined;

/** Runs a command on a new machine, and shows its output. */
async function onMachine(place: Place, debian: Debian, command: readonly string[]) {
  const { rc, certificates } = npmSettings();
  const cache = join(project, ".cache/fresh", `npm-${place.user}`);
  mkdirSync(cache, { recursive: true });
  const npm = join(dirname(process.env["npm_execpath"]!), "..");
  const node = nodeBinary(process.versions.node.split(".")[0]!);
  const args = [debian.root, project, place.copy, node, npm, rc, cache, place.powers, place.user];
  const child = spawn(
    "unshare",
    ["--mount", "--propagation=private", "bash", script, ...args, ...command],
    // Ctrl-C reaches only this process. The script removes everything when its input ends.
    {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      cwd: "/",
      env: { ...process.env, CAFILE: certificates },
    },
  );
  let output = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const)
    from.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      to.write(text);
    });
  child.stdin.on("error", () => {});
  const end = (signal: NodeJS.Signals): void => {
    asked = signal;
    child.stdin.end();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  const status = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
  for (const signal of signals) process.off(signal, end);
  return { status, output };
}

async function main(): Promise<number> {
  const { help, places, vitest } = readFreshArguments(process.argv.slice(2));
  if (help) {
    console.log(helpOf(import.meta.url));
    return 0;
  }
  if (process.getuid?.() !== 0)
    throw new Error("This command makes namespaces, so it needs root. Run it with sudo.");
  if (process.env["npm_execpath"] === undefined)
    throw new Error("This script needs npm. Run it by: npm run test:fresh");
  const lines: string[] = [];
  let isRed = false;
  for (const place of places) {
    const packages = ["ca-certificates", ...place.packages];
    const debian = await Debian.ofSuite(suite, {
      folder: [suite, "only", ...place.packages].join("-"),
      packages: packages.join(","),
    });
    const tests = ["npm", "test", ...(vitest.length > 0 ? ["--", ...vitest] : [])];
    // On the same machine: the first command installs and builds.
    const commands = vitest.length > 0 ? [tests] : [["npm", "run", "demo"], tests];
    const began = performance.now();
    console.error(
      `\n${place.name}: ${commands.map((words) => words.join(" ")).join(", then ")}, ${debian.name}`,
    );
    const run =
      'status=0; for line; do eval "$line" || { status=1; echo "FAILED  $line"; }; done; exit $status';
    const lineOf = (words: readonly string[]) =>
      words.map((word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
    const { status, output } = await onMachine(place, debian, [
      "sh",
      "-c",
      run,
      "sh",
      ...commands.map(lineOf),
    ]);
    if (asked !== undefined) {
      console.error(`Stopped by ${asked}. Nothing is left of the machine.`);
      return 1;
    }
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    isRed ||= status !== 0;
    lines.push(`${place.name}: ${status === 0 ? "passed" : "FAILED"}, ${minutes} min`);
    lines.push(...failuresIn(output).map((name) => `  ${name}`));
  }
  console.error(`\nOn a new machine:\n${lines.join("\n")}`);
  return isRed ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

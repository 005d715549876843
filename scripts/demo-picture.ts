// npm run demo:picture: runs the demo in a terminal of 80 columns, and writes what the terminal shows as
// docs/public/demo.svg. The picture is in git, since GitHub shows it in README.md.
// packages/testkit/test/demo.test.ts compares it with what the demo prints.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { root } from "./lib/packages.ts";
import { screenOf } from "./lib/screen.ts";
import { pictureOf } from "./lib/screen-picture.ts";

const COLUMNS = 80;
const file = join(root, "docs/public/demo.svg");

const demo = `${process.execPath} --conditions=@sockact/source --import tsx scripts/demo.ts`;
// script(1), from util-linux, opens a pseudoterminal, so the demo prints its colours.
const command = ["--quiet", "--return", "--command", `stty cols ${COLUMNS}; exec ${demo}`, "/dev/null"];
const terminal = spawn("script", command, {
  cwd: root,
  env: { ...process.env, TERM: "xterm-256color" },
  stdio: ["ignore", "pipe", "inherit"],
});
let printed = "\u001B[2m$\u001B[22m npm run demo\r\n";
/** The time at which each line appeared, in milliseconds since the first output. */
const times = [0];
let begin: number | undefined;
for await (const chunk of terminal.stdout.setEncoding("utf8") as AsyncIterable<string>) {
  printed += chunk;
  const time = performance.now() - (begin ??= performance.now());
  for (const _ of chunk.matchAll(/\n/g)) times.push(time);
}
if (terminal.exitCode === null) await once(terminal, "close");
if (terminal.exitCode !== 0 || !/systemd \d+, booted/.test(printed)) {
  console.error(printed);
  console.error("The picture shows the demo with a systemd. Run this as root on a machine with systemd.");
  process.exit(1);
}
const lines = await screenOf(printed, COLUMNS);
const title =
  "The output of npm run demo. systemd listens on ports 80 and 443, and the first request starts an Express app, which is not root. The app restarts under load, and no request fails. It sleeps, and the next request wakes it. systemd-analyze security rates it 0.2 SAFE, and it can't open a connection. A table shows the same for Koa and Fastify.";
// The lines appear once, in the rhythm of the demo, but within 5 seconds, so that readers do not have to
// wait.
const faster = Math.min(1, 4800 / times.at(-1)!) / 1000;
mkdirSync(dirname(file), { recursive: true });
const appear = times.slice(0, lines.length).map((time) => time * faster);
writeFileSync(file, pictureOf(lines, COLUMNS, title, appear));

// npm run demo:picture: runs the demo in a terminal of 80 columns, and writes what the terminal shows as docs/public/demo.svg. The picture is in git,
// since GitHub shows it in README.md. packages/testkit/test/demo.test.ts compares it with what the demo prints.
import { spawnSync } from "node:child_process";
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
const { stdout, status, error } = spawnSync("script", command, {
  cwd: root,
  encoding: "utf8",
  env: { ...process.env, TERM: "xterm-256color" },
});
if (error !== undefined) throw error;
if (status !== 0 || !/systemd \d+, booted/.test(stdout)) {
  console.error(stdout);
  console.error("The picture shows the demo with a systemd. Run this as root on a machine with systemd.");
  process.exit(1);
}
const lines = await screenOf(`\u001B[2m$\u001B[22m npm run demo\r\n${stdout}`, COLUMNS);
const title =
  "The output of npm run demo. For Express, Koa and Fastify: systemd listens on ports 80 and 443, the first request starts the app, both ports answer, and the journal shows the lines of the app.";
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, pictureOf(lines, COLUMNS, title));

// Makes a clone ready to run: installs when the lockfile has changed since the last install, and builds with --build.
// Plain JavaScript that imports only Node: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Runs a program without a word, unless it fails. */
function run(command, ...args) {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  if (status === 0) return;
  process.stderr.write(error ? `${command}: ${error.message}\n` : Buffer.concat([stdout, stderr]));
  process.exit(status || 1);
}

if (modified("package-lock.json") > modified("node_modules/.package-lock.json")) {
  console.error("Installing the dependencies …");
  run("npm", "ci");
}
if (process.argv.includes("--build")) {
  console.error("Building the packages …");
  run("node_modules/.bin/turbo", "run", "build", "--output-logs=errors-only", "--log-order=grouped");
}

// Makes a clone ready to run: installs unless what the lockfile names is installed, and builds with --build.
// Plain JavaScript that imports only Node: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Lock } from "./lib/lock.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

// npm writes it when everything is installed. `npm install` by hand does so too.
const installedLockfile = "node_modules/.package-lock.json";
const endingWithParent =
  spawnSync("setpriv", ["--pdeathsig=KILL", "true"]).status === 0
    ? ["setpriv", "--pdeathsig=KILL", "--"]
    : [];

/** Runs a program without a word, unless it fails. It ends with this process. */
function run(...command) {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };
  const [program, ...args] = [...endingWithParent, ...command];
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  if (status === 0) return;
  process.stderr.write(error ? `${program}: ${error.message}\n` : Buffer.concat([stdout, stderr]));
  process.exit(status || 1);
}

/** Whether all that the lockfile names is installed. What is optional is installed where it fits the machine. */
function isInstalled() {
  if (!existsSync(installedLockfile)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const { "": _root, ...wanted } = packagesOf("package-lock.json");
  const installed = packagesOf(installedLockfile);
  return (
    Object.keys(wanted).every((path) => wanted[path].optional || installed[path]) &&
    Object.keys(installed).every(
      (path) => isDeepStrictEqual(installed[path], wanted[path]) && existsSync(`${path}/package.json`),
    )
  );
}

if (!isInstalled()) {
  // Until this process ends.
  new Lock(".cache/setup.lock").take("exclusive");
  if (!isInstalled()) {
    console.error("Installing the dependencies …");
    // An install that is killed leaves none.
    rmSync(installedLockfile, { force: true });
    run("npm", "ci");
  }
}
if (process.argv.includes("--build")) {
  console.error("Building the packages …");
  run("node_modules/.bin/turbo", "run", "build", "--output-logs=errors-only", "--log-order=grouped");
}

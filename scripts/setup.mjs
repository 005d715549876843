// Makes a clone ready to run: installs the packages of the lockfile if one is missing, and builds with --build.
// Plain JavaScript that imports only Node, because it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Lock } from "./lib/lock.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

// npm writes this file when everything is installed, also after your own `npm install`.
const installedLockfile = "node_modules/.package-lock.json";
const endingWithParent =
  spawnSync("setpriv", ["--pdeathsig=KILL", "true"]).status === 0
    ? ["setpriv", "--pdeathsig=KILL", "--"]
    : [];

/** Runs a program, and prints its output only if it fails. The program ends with this process. */
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

/** Whether all packages of the lockfile are installed. Optional ones are installed only if they fit the machine. */
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

try {
  if (existsSync("node_modules")) accessSync("node_modules", constants.W_OK);
} catch {
  console.error(
    "Another user has installed the dependencies of this clone, and you may not write there. Use a clone of your own, or change its owner: sudo chown -R $USER .",
  );
  process.exit(1);
}

if (!isInstalled()) {
  // Until this process ends.
  new Lock(".cache/setup.lock").take();
  if (!isInstalled()) {
    console.error("Installing the dependencies …");
    // A killed install does not write this file.
    rmSync(installedLockfile, { force: true });
    // With NODE_ENV=production, npm would not install the build tools.
    run("npm", "ci", "--include=dev");
  }
}
if (process.argv.includes("--build")) {
  console.error("Building the packages …");
  run("node_modules/.bin/turbo", "run", "build", "--output-logs=errors-only", "--log-order=grouped");
}

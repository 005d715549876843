// A global setup of Vitest for the whole run. Its process is the parent of all workers, and they inherit its
// environment.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { rootCertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { Lock } from "../../../scripts/lib/lock.mjs";
import { nearest } from "../../shared/src/nearest.ts";
import { FOLDER_OF_RUN } from "./packed-packages.ts";

export default async function setup(project: TestProject): Promise<() => void> {
  await assertTestFilesExist(project);
  const isNested = process.env[FOLDER_OF_RUN] !== undefined;
  const lock = new Lock(fileURLToPath(new URL("../../../.cache/tests.lock", import.meta.url)));
  if (!isNested && !lock.tryTake())
    console.error("Another run of the tests is under way in this clone. Both take longer.\n");
  // The other npm commands have built already. Without a build, a test of a program would run the program
  // from before a change.
  if (!isNested && [undefined, "npx"].includes(process.env["npm_lifecycle_event"])) build();
  if (
    !isNested &&
    !Object.values(networkInterfaces())
      .flat()
      .some((address) => address?.address === "::1")
  )
    console.error(
      "This machine has no IPv6 address ::1, so tests of IPv6 will fail. In a container: docker run --sysctl net.ipv6.conf.all.disable_ipv6=0 …\n",
    );
  const stopWatching = endWithNpm();
  // The temporary files of all tests, and the packages that they share. Other users may write there, as to
  // /tmp. The path of a unix socket has at most 107 bytes, with the names below this folder.
  const above = Buffer.byteLength(tmpdir()) > 50 ? "/tmp" : tmpdir();
  const folder = mkdtempSync(join(above, "sockact-"));
  chmodSync(folder, 0o1777);
  process.env["TMPDIR"] = folder;
  process.env[FOLDER_OF_RUN] = folder;
  keepCertificatesForNpm(join(folder, "certificates.pem"));
  removeAtEnd([folder, project.tmpDir]);
  return () => {
    stopWatching();
    lock[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Vitest reports nothing about a path without test files if another path has some. */
async function assertTestFilesExist({ vitest }: TestProject): Promise<void> {
  const { filenamePattern: asked = [] } = vitest as { filenamePattern?: readonly string[] };
  for (const path of asked) {
    if ((await vitest.globTestSpecifications([path])).length > 0) continue;
    const files = (await vitest.globTestSpecifications()).map(({ moduleId }) => relative("", moduleId));
    const meant = nearest(path, files);
    throw new Error(
      `No test file has ${path} in its path.${meant === undefined ? "" : ` Did you mean ${meant}?`}`,
    );
  }
}

function build(): void {
  const script = fileURLToPath(new URL("../../../scripts/setup.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [script, "--build"], { stdio: "inherit" });
  if (status !== 0) throw new Error("The packages could not be built.");
}

/**
 * Removes `NODE_EXTRA_CA_CERTS` from the environment, and gives npm the same certificates in a file. Node 20
 * reads all of them at each start, which takes 70 ms, and the tests start Node thousands of times. Only npm
 * needs them.
 */
function keepCertificatesForNpm(file: string): void {
  const extra = process.env["NODE_EXTRA_CA_CERTS"];
  if (!extra) return;
  delete process.env["NODE_EXTRA_CA_CERTS"];
  // npm ignores the others if it has its own certificates.
  if (process.env["npm_config_cafile"] || !existsSync(extra)) return;
  writeFileSync(file, [...rootCertificates, readFileSync(extra, "utf8")].join("\n"));
  process.env["npm_config_cafile"] = file;
}

/**
 * Removes folders at the end of this process, even by SIGKILL. Vitest has no teardown when a signal ends it.
 */
function removeAtEnd(folders: readonly string[]): void {
  // The end of its input tells it that the run has ended. Processes of the tests may write for another
  // moment.
  const script = 'cat >/dev/null; for _ in 1 2 3 4 5; do rm -rf "$@"; sleep 0.2; done';
  const remover = spawn("sh", ["-c", script, "sh", ...folders], {
    stdio: ["pipe", "ignore", "ignore"],
    // Ctrl-C must not reach it.
    detached: true,
    cwd: "/",
  });
  remover.on("error", () => {});
  remover.stdin.on("error", () => {});
  remover.unref();
}

/** Ends this process when npm, its parent, is killed: npm can't forward SIGKILL. */
function endWithNpm(): () => void {
  if (process.env["npm_lifecycle_event"] === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
  }, 1000);
  timer.unref();
  return () => clearInterval(timer);
}

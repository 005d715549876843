import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve as absolute, sep } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describeObstacle, findObstacle, type Obstacle } from "./obstacle.ts";
import { environmentOfUser, inOwnMounts } from "./own-namespaces.ts";
import { PrivateSystemd } from "./private-systemd.ts";

const bootScript = fileURLToPath(new URL("../programs/private-systemd.sh", import.meta.url));

/** What a private systemd gets at its boot. */
export interface BootOptions {
  /**
   * A folder to mount read-only as {@link PrivateSystemd.project}. By default, it is the current folder, or
   * the nearest one above it whose `node_modules` has this package.
   */
  readonly project?: string | undefined;
  /** A Node binary to mount as {@link PrivateSystemd.node}; by default, the one that runs this process. */
  readonly node?: string | undefined;
  /** A folder with generators, which run at boot and at each daemon-reload; none by default. */
  readonly generators?: string | undefined;
  /**
   * A folder for `/etc`, `/root`, `/srv`, `/usr/local/bin` and `/var/lib`. A second boot with the same folder
   * is a reboot. By default, `/etc` and `/var/lib` are in memory and lost at the end, and nothing can write to
   * the others.
   */
  readonly disk?: string | undefined;
}

let found: { obstacle: Obstacle | undefined } | undefined;

/** What keeps a private systemd from booting here, or `undefined` if one boots. */
export function privateSystemdObstacle(): Obstacle | undefined {
  found ??= { obstacle: findObstacle() };
  return found.obstacle;
}

/**
 * The reason why a private systemd can't boot here, with what to do about it, or `undefined` if it can. It
 * says the same as {@link describeObstacle} of {@link privateSystemdObstacle}.
 */
export function whyNoPrivateSystemd(): string | undefined {
  const obstacle = privateSystemdObstacle();
  if (obstacle === undefined) return undefined;
  const { reason, hint } = describeObstacle(obstacle);
  return `${reason}. ${hint}`;
}

/**
 * Boots a real systemd as PID 1 of separate mount, process, network, UTS, IPC and cgroup namespaces, in about
 * a quarter of a second.
 *
 * Processes inside see the host's programs read-only, a private `/etc`, empty temporary and state folders,
 * and a private loopback device: each boot has its own port 80. {@link PrivateSystemd.close} ends and removes
 * everything. So does the end of this process, even by SIGKILL.
 *
 * @throws if it can't boot here, with the reason and the boot log in the message.
 */
export async function bootPrivateSystemd(options: BootOptions = {}): Promise<PrivateSystemd> {
  const reason = whyNoPrivateSystemd();
  if (reason) throw new Error(reason);
  const project = absolute(options.project ?? projectOf(process.cwd()));
  const own = packagesFolder();
  const packages = isIn(own, project) ? undefined : own;
  // A separate process group: Ctrl-C reaches only this process, and the script removes everything after it.
  const [program, ...args] = [
    ...inOwnMounts(),
    "bash",
    bootScript,
    project,
    options.node ?? process.execPath,
    options.generators ?? "",
    options.disk ?? "",
    packages ?? "",
  ];
  const supervisor = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    cwd: "/",
    env: environmentOfUser(),
  });
  let log = "";
  supervisor.stderr.on("data", (chunk) => (log += chunk));
  supervisor.stdin.on("error", () => {});
  const pid = await new Promise<number>((resolve, reject) => {
    supervisor.on("error", reject);
    createInterface({ input: supervisor.stdout }).once("line", (line) =>
      resolve(Number(line.replace("ready ", ""))),
    );
    supervisor.on("close", () => {
      const hint =
        "A private systemd needs systemd, nsenter, setpriv and unshare, and --privileged in a container.";
      reject(new Error(`A private systemd could not boot: ${log.trim() || "no log"}\n${hint}`));
    });
  });
  const systemd = new PrivateSystemd(pid, supervisor, project, packages);
  try {
    await systemd.checkThatServicesCanRead();
  } catch (error) {
    await systemd.close();
    throw error;
  }
  return systemd;
}

const ownFolder = fileURLToPath(new URL("..", import.meta.url));

const isIn = (path: string, folder: string): boolean => join(path, sep).startsWith(join(folder, sep));

/** The folder at or above this one that has dependencies and contains this package. */
function projectOf(folder: string): string {
  if (isIn(ownFolder, folder) && existsSync(join(folder, "node_modules"))) return folder;
  const above = dirname(folder);
  if (above === folder)
    throw new Error(
      "No folder above the current one contains this package. Set `project` to the folder that has the node_modules of your app.",
    );
  return projectOf(above);
}

/** The folder with this package and its dependencies, such as the `node_modules` of a global installation. */
function packagesFolder(): string {
  const dependency = createRequire(import.meta.url).resolve("koffi");
  let folder = ownFolder;
  while (!isIn(dependency, folder)) folder = dirname(folder);
  const [outermost = "", inner] = `${folder}${sep}`.split(`${sep}node_modules${sep}`);
  return inner === undefined ? folder : join(outermost, "node_modules");
}

import { execFileSync, spawn, type StdioOptions } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { finished } from "./finished.ts";
import { Lock } from "./lock.mjs";
import { nodeBinary } from "./node-binary.ts";

const project = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const cacheOfDebians = join(project, ".cache/debian");
const script = fileURLToPath(new URL("in-debian.sh", import.meta.url));

/**
 * The releases of Debian, by the version of their systemd. sid gets newer ones, and the run prints which one
 * it has.
 */
export const suites: Readonly<Record<string, string>> = { 252: "bookworm", 257: "trixie", 262: "sid" };

/** The packages that the tests need, beyond those of every Debian. */
const packagesOfTests =
  "systemd,systemd-sysv,libpam-systemd,libsystemd0,dbus,iproute2,procps,util-linux,git,curl,openssl,python3,zsh,fish,mandoc";

/** A Debian in a folder of this computer, to run commands on. */
export class Debian {
  readonly suite: string;
  /** Its folder. Do not write to it. */
  readonly root: string;

  private constructor(suite: string, root: string) {
    this.suite = suite;
    this.root = root;
  }

  /**
   * The Debian of a suite, such as `bookworm`, downloaded once, in about a minute. A Debian with additional
   * packages is in a folder with another name.
   */
  static async ofSuite(suite: string, { folder = suite, packages = packagesOfTests } = {}): Promise<Debian> {
    const root = join(cacheOfDebians, folder);
    using downloading = new Lock(`${root}.download.lock`);
    downloading.take();
    if (!existsSync(root)) await download(suite, root, packages);
    return new Debian(suite, root);
  }

  /**
   * Runs a command there, in the folder of the project, with Node of this major version. Resolves to its exit
   * status and its output.
   */
  async run(
    command: readonly string[],
    { stdio = ["ignore", "pipe", "pipe"] }: { stdio?: StdioOptions } = {},
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    const npm = process.env["npm_execpath"];
    if (npm === undefined) throw new Error("This script needs npm. Run it by: npm run test:on-systemd");
    // The machine's own Node may need a newer libc than an old Debian has; the official builds need none.
    const node = nodeBinary(process.versions.node.split(".")[0]!);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    };
    // On an older systemd some tests are skipped as expected. With CI set, that would be a failure.
    delete env["CI"];
    const enter = ["unshare", "--mount", "--propagation=private", "bash", script];
    const args = [this.root, project, node, join(dirname(npm), ".."), ...command];
    return finished(spawn("setpriv", ["--pdeathsig=TERM", ...enter, ...args], { stdio, env }));
  }

  /** The name and version, such as `Debian GNU/Linux 12 (bookworm)`. */
  get name(): string {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync(join(this.root, "etc/os-release"), "utf8"))?.[1] ?? "";
  }
}

async function download(suite: string, root: string, packages: string): Promise<void> {
  console.error(`Downloading Debian ${suite} …`);
  // It has another name until it is complete. The next download removes the rest of a killed one.
  const incomplete = `${root}.incomplete`;
  rmSync(incomplete, { recursive: true, force: true });
  // In separate namespaces, because debootstrap mounts /proc. They also end every process that it starts.
  const apart = ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"];
  const bootstrap = ["debootstrap", "--variant=minbase", `--include=${packages}`];
  try {
    const args = ["--pdeathsig=KILL", "unshare", ...apart, ...bootstrap, suite, incomplete, mirror()];
    const child = spawn("setpriv", args, { stdio: ["ignore", "pipe", "pipe"] });
    // unshare waits for its child. Only SIGKILL ends it earlier.
    const { status, stdout, stderr } = await finished(child, "SIGKILL");
    if (status !== 0) {
      const said = `${stdout}${stderr}`.trim().split("\n").slice(-5).join("\n");
      throw new Error(`Debian ${suite} could not be downloaded:\n${said}\nIs debootstrap installed?`);
    }
    renameSync(incomplete, root);
  } finally {
    rmSync(incomplete, { recursive: true, force: true });
  }
}

/** The mirror that apt on this computer uses. */
function mirror(): string {
  const found = execFileSync("apt-get", ["indextargets", "--format", "$(SITE)"], { encoding: "utf8" })
    .split("\n")
    .find((site) => /^https?:.*\/debian\/?$/.test(site));
  return found ?? "http://deb.debian.org/debian";
}

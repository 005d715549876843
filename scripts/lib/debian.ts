import { type ChildProcess, execFileSync, spawn, type StdioOptions } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { nodeBinary } from "./node-binary.ts";

const project = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const cache = join(project, "node_modules/.cache/debian");
const script = fileURLToPath(new URL("in-debian.sh", import.meta.url));

/** The releases of Debian, by the systemd that each is known to have. That of sid moves on: the run says which it was. */
export const suites: Readonly<Record<string, string>> = { 252: "bookworm", 257: "trixie", 262: "sid" };

/** What the tests need inside, besides what every Debian has. */
const packages =
  "systemd,systemd-sysv,libpam-systemd,libsystemd0,dbus,iproute2,procps,util-linux,python3-minimal";

/** The processes to end when this one is asked to, and how. */
const running = new Map<ChildProcess, NodeJS.Signals>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    process.exitCode = 1;
    for (const [child, how] of running) child.kill(how);
  });
}

/** A Debian in a folder of this computer, to run commands on. */
export class Debian {
  readonly suite: string;
  readonly #root: string;
  readonly #node: string;

  private constructor(suite: string, root: string, node: string) {
    this.suite = suite;
    this.#root = root;
    this.#node = node;
  }

  /** The Debian of a suite, such as `bookworm`. It is downloaded once, in about a minute; `fresh` downloads it again. */
  static async ofSuite(suite: string, { fresh = false } = {}): Promise<Debian> {
    const root = join(cache, suite);
    if (fresh) rmSync(root, { recursive: true, force: true });
    removeIncomplete();
    if (!existsSync(root)) await download(suite, root);
    // The machine's own Node may need a newer libc than an old Debian has; the official builds need none.
    const major = process.versions.node.split(".")[0]!;
    return new Debian(suite, root, nodeBinary(major));
  }

  /** Runs a command there, in the folder of the project; `node` is this major version's. Resolves to its exit status and its output. */
  async run(
    command: readonly string[],
    { stdio = ["ignore", "pipe", "pipe"] }: { stdio?: StdioOptions } = {},
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    const npm = process.env["npm_execpath"];
    if (npm === undefined) throw new Error("Run it by npm: npm run test:systemd");
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      PATH: `${dirname(this.#node)}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    };
    // On an older systemd tests are skipped by right, which CI makes a failure.
    delete env["CI"];
    const enter = ["unshare", "--mount", "--propagation=private", "bash", script];
    const args = [this.#root, project, this.#node, join(dirname(npm), ".."), ...command];
    return finished(spawn("setpriv", ["--pdeathsig=TERM", ...enter, ...args], { stdio, env }), "SIGTERM");
  }

  /** The name and version, such as `Debian GNU/Linux 12 (bookworm)`. */
  get name(): string {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync(join(this.#root, "etc/os-release"), "utf8"))?.[1] ?? "";
  }
}

/** Waits for a process. `how` is the signal that ends it early. */
async function finished(
  child: ChildProcess,
  how: NodeJS.Signals,
): Promise<{ status: number; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  running.set(child, how);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 1));
    });
    return { status, stdout, stderr };
  } finally {
    running.delete(child);
  }
}

/** Removes what downloads have left that were killed. */
function removeIncomplete(): void {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    const pid = /\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(cache, name), { recursive: true });
  }
}

async function download(suite: string, root: string): Promise<void> {
  console.error(`Downloading Debian ${suite} …`);
  // Under another name until it is complete.
  const incomplete = `${root}.${process.pid}`;
  // Namespaces of its own: debootstrap mounts /proc, and nothing that it starts outlives it.
  const apart = ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"];
  const bootstrap = ["debootstrap", "--variant=minbase", `--include=${packages}`];
  try {
    const args = ["--pdeathsig=KILL", "unshare", ...apart, ...bootstrap, suite, incomplete, mirror()];
    const child = spawn("setpriv", args, { stdio: ["ignore", "pipe", "pipe"] });
    // unshare waits for what it has started, whatever it is sent but SIGKILL.
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

/** Where apt gets Debian from on this computer. */
function mirror(): string {
  const found = execFileSync("apt-get", ["indextargets", "--format", "$(SITE)"], { encoding: "utf8" })
    .split("\n")
    .find((site) => /^https?:.*\/debian\/?$/.test(site));
  return found ?? "http://deb.debian.org/debian";
}

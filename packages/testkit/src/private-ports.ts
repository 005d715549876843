import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { spawnInside } from "../../testing/src/spawn-inside.ts";

/**
 * Runs processes in a network of their own, so several apps can listen on port 3000 at once. The processes
 * see this machine's files, but no systemd.
 */
export class PrivatePorts implements AsyncDisposable {
  readonly #supervisor: ChildProcess;
  readonly #pid: number;

  private constructor(supervisor: ChildProcess, pid: number) {
    this.#supervisor = supervisor;
    this.#pid = pid;
  }

  static async open(): Promise<PrivatePorts> {
    const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const script = "ip link set lo up && echo ready && exec cat";
    // The script ends at the end of its standard input, and all processes inside end with it. Ctrl-C must not
    // reach it.
    const supervisor = spawn("unshare", [...userNamespace, ...namespaces, "sh", "-c", script], {
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    await Promise.race([
      once(supervisor.stdout, "data"),
      once(supervisor, "close").then(() => Promise.reject(new Error("unshare could not make namespaces."))),
    ]);
    const { pid } = supervisor;
    const inside = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return new PrivatePorts(supervisor, Number(inside));
  }

  /** Starts a command inside. */
  spawn(command: string[], options: { cwd: string; env: Record<string, string> }): ChildProcess {
    const user = userNamespace.length > 0 ? ["--user", "--preserve-credentials"] : [];
    return spawnInside(this.#pid, [...user, "--mount", "--net", "--pid"], command, options);
  }

  /** Ends all processes inside. */
  async close(): Promise<void> {
    if (this.#supervisor.exitCode !== null || this.#supervisor.signalCode !== null) return;
    const ended = once(this.#supervisor, "close");
    this.#supervisor.stdin?.end();
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Without a user namespace, only root can create the other namespaces. */
const userNamespace = process.getuid?.() === 0 ? [] : ["--map-root-user"];

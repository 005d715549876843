import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { count } from "../shared/messages.ts";
import { warn } from "./messages.ts";
import { holdersOf, startedBy, stillRunning, type ProcessInfo } from "./processes.ts";

const POLL_MS = 50;

/**
 * A process that still runs this long after SIGKILL, in milliseconds, can't be killed: it may belong to
 * another user.
 */
const AFTER_KILL_MS = 2000;

/** How long processes may take after Ctrl-C in the terminal before they get SIGTERM too, in milliseconds. */
const AFTER_CTRL_C_MS = 1000;

/**
 * The child processes that a command leaves behind. They must end before the next start, as systemd ends all
 * processes of a service: a process with the socket would accept clients of the next run, or let them wait
 * without an answer.
 *
 * A process in another process group, such as a browser, is left alone unless it has the socket.
 */
export class Leftovers {
  readonly #inodes: ReadonlySet<number>;
  readonly #timeout: number;
  #started: ProcessInfo[] = [];

  constructor(inodes: ReadonlySet<number>, timeout: number) {
    this.#inodes = inodes;
    this.#timeout = timeout;
  }

  /** Records the child processes of the command while it runs and they can be found. */
  async remember(pid: number | undefined): Promise<void> {
    this.#started = pid === undefined ? [] : await startedBy(pid);
  }

  /**
   * Ends them after the command has ended.
   *
   * @param isTold whether the terminal has sent them Ctrl-C: many servers end at once on a second signal
   * @param kill resolves when the user does not want to wait
   */
  async end(isTold: boolean, kill: Promise<void>): Promise<void> {
    let left = await this.#find();
    if (left.length === 0) return;
    let isKilled = false;
    const killAll = (): void => {
      isKilled = true;
      send(left, "SIGKILL");
    };
    void kill.then(killAll);
    const tell = setTimeout(() => send(left, "SIGTERM"), isTold ? AFTER_CTRL_C_MS : 0);
    const tooLong = setTimeout(() => {
      warn(
        `${count(left.length, "process", "processes")} that the command has started and left behind did not end within ${this.#timeout / 1000} s: killing`,
      );
      killAll();
    }, this.#timeout);
    const deadline = performance.now() + this.#timeout + AFTER_KILL_MS;
    while (left.length > 0 && performance.now() < deadline) {
      await delay(POLL_MS);
      left = await stillRunning(left);
      // One of them may have started another one meanwhile.
      if (left.length === 0) left = await this.#find();
      if (isKilled) send(left, "SIGKILL");
    }
    clearTimeout(tell);
    clearTimeout(tooLong);
    left = [];
    this.#started = [];
  }

  async #find(): Promise<ProcessInfo[]> {
    const found = [...(await stillRunning(this.#started)), ...(await holdersOf(this.#inodes))];
    return [...new Map(found.map((each) => [each.pid, each])).values()];
  }
}

function send(processes: readonly ProcessInfo[], signal: NodeJS.Signals): void {
  for (const { pid } of processes)
    try {
      process.kill(pid, signal);
    } catch {
      // It has already ended.
    }
}

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { count } from "../shared/messages.ts";
import { warn } from "./messages.ts";
import { holdersOf, startedBy, stillRunning, type ProcessInfo } from "./processes.ts";

const POLL_MS = 50;

/**
 * A process that still runs this long after SIGKILL, in milliseconds, can't be ended: it may belong to
 * another user.
 */
const AFTER_KILL_MS = 2000;

/**
 * How long processes that have got Ctrl-C from the terminal may take before they get SIGTERM too, in
 * milliseconds.
 */
const AFTER_CTRL_C_MS = 1000;

/**
 * The processes that a command has started and leaves behind when it ends. They must end before the next
 * start, as systemd ends all processes of a service: a process that has the socket would take clients from
 * the next one, or keep them waiting without an answer.
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

  /** Remembers the processes that the command has started, while it still runs and they can be found. */
  async remember(pid: number | undefined): Promise<void> {
    this.#started = pid === undefined ? [] : await startedBy(pid);
  }

  /**
   * Ends them, once the command has ended.
   *
   * @param isTold whether the terminal has sent them Ctrl-C: many servers end at once at a second signal
   * @param kill fulfils when the user does not want to wait
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
      // One of them may have started another meanwhile.
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
      // It has ended meanwhile.
    }
}

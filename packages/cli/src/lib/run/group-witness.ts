import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

/** How much later than this process the shell may get the signal, in milliseconds. */
const LATEST_MS = 500;

/**
 * A shell in the process group of this process. Node does not show who sent a signal. If the shell also dies
 * of SIGINT, the signal was sent to the whole group.
 */
export class GroupWitness {
  readonly #interrupted: Promise<boolean>;

  constructor() {
    // It ends when its standard input closes, which this process's end causes.
    const shell = spawn("/bin/sh", ["-c", "read -r _"], { stdio: ["pipe", "ignore", "ignore"] });
    this.#interrupted = new Promise((resolve) => {
      shell.on("error", () => resolve(false));
      shell.on("exit", (_, signal) => resolve(signal === "SIGINT"));
    });
  }

  /** Whether the last SIGINT of this process was sent to the whole group. */
  wasInterrupted(): Promise<boolean> {
    return Promise.race([this.#interrupted, delay(LATEST_MS, false)]);
  }
}

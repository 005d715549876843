import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

/** How much later than this process the witness may be, in milliseconds. */
const LATEST_MS = 500;

/**
 * A small shell in the process group of this process. Node does not say who has sent a signal. When the shell
 * dies of SIGINT too, the signal was for all of the group.
 */
export class GroupWitness {
  readonly #interrupted: Promise<boolean>;

  constructor() {
    // It ends with this process, when its standard input does.
    const shell = spawn("/bin/sh", ["-c", "read -r _"], { stdio: ["pipe", "ignore", "ignore"] });
    this.#interrupted = new Promise((resolve) => {
      shell.on("error", () => resolve(false));
      shell.on("exit", (_, signal) => resolve(signal === "SIGINT"));
    });
  }

  /** Whether the SIGINT that this process has just got was for all of the group. */
  wasInterrupted(): Promise<boolean> {
    return Promise.race([this.#interrupted, delay(LATEST_MS, false)]);
  }
}

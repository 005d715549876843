// Plain JavaScript that imports only Node: scripts/setup.mjs uses it before anything is installed.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Locks a file for this process, by flock(1). The kernel releases the lock when the process ends. Without
 * flock(1), nothing is locked.
 */
export class Lock {
  #file;
  #fd;

  constructor(file) {
    mkdirSync(dirname(file), { recursive: true });
    this.#file = file;
    // Only flock(1) inherits the descriptor. The lock belongs to every process that shares it.
    this.#fd = openSync(file, "a");
  }

  /** Acquires the lock, or returns false if another process has it. */
  tryTake() {
    const { status } = flock(this.#fd, "flock", "--nonblock", "3");
    return status !== 1;
  }

  /** Waits for the lock. */
  take() {
    if (this.tryTake()) return;
    console.error(`Waiting for another run, which has locked ${this.#file} …`);
    const { status } = flock(this.#fd, "setpriv", "--pdeathsig=KILL", "flock", "3");
    if (status !== 0)
      throw new Error(`${this.#file} could not be locked. Is setpriv of util-linux installed?`);
  }

  [Symbol.dispose]() {
    closeSync(this.#fd);
  }
}

function flock(fd, command, ...args) {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit", fd] });
}

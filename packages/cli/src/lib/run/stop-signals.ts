import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { GroupWitness } from "./group-witness.ts";

/** npm forwards a signal within this time, in milliseconds, so one Ctrl-C arrives twice. */
const SAME_MS = 300;

/** The user's signals: a request to stop, and one to stop at once. */
export class StopSignals {
  /** Resolves on the first signal that asks to stop. */
  readonly stop: Promise<NodeJS.Signals>;
  /** Resolves on the second one. */
  readonly kill: Promise<void>;
  /** The signal of `stop`, once it has arrived. */
  received: NodeJS.Signals | undefined;
  readonly #witness: GroupWitness | undefined;
  #reached: Promise<boolean> | undefined;

  /** @param pass called with a signal for the command */
  constructor(pass: (signal: NodeJS.Signals) => void) {
    const hasTerminal = terminalIsThere();
    if (hasTerminal) this.#witness = new GroupWitness();
    let since = 0;
    let resolveStop: (signal: NodeJS.Signals) => void;
    let resolveKill: () => void;
    this.stop = new Promise((resolve) => (resolveStop = resolve));
    this.kill = new Promise((resolve) => (resolveKill = resolve));
    const stop = (signal: NodeJS.Signals): void => {
      if (this.received === undefined) {
        this.received = signal;
        since = performance.now();
        resolveStop(signal);
      } else if (performance.now() - since > SAME_MS) resolveKill();
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
    process.on("SIGHUP", () => {
      // A closed terminal ends its programs. Any other SIGHUP asks for a reload.
      if (hasTerminal && !terminalIsThere()) stop("SIGHUP");
      else pass("SIGHUP");
    });
    process.on("SIGUSR2", pass);
  }

  /**
   * Whether the command has already got the signal. For Ctrl-C, a terminal sends SIGINT to the whole process
   * group, and many servers end at once on a second one. `kill` sends it only to this process.
   */
  reachedCommand(): Promise<boolean> {
    this.#reached ??=
      this.received === "SIGINT" && this.#witness ? this.#witness.wasInterrupted() : undefined;
    return this.#reached ?? Promise.resolve(false);
  }
}

function terminalIsThere(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { GroupWitness } from "./group-witness.ts";

/** npm passes a signal on within this time, in milliseconds, so one Ctrl-C comes twice. */
const SAME_MS = 300;

/** The requests of the user by signals: to stop, and to stop at once. */
export class StopSignals {
  /** Fulfils at the first signal that asks to stop. */
  readonly stop: Promise<NodeJS.Signals>;
  /** Fulfils at the second one. */
  readonly kill: Promise<void>;
  /** The signal of `stop`, once it has come. */
  received: NodeJS.Signals | undefined;
  readonly #witness: GroupWitness | undefined;
  #reached: Promise<boolean> | undefined;

  /** @param pass is called with a signal that the command should get */
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
      // A terminal that is closed ends what runs in it. Any other SIGHUP asks to reload.
      if (hasTerminal && !terminalIsThere()) stop("SIGHUP");
      else pass("SIGHUP");
    });
    process.on("SIGUSR2", pass);
  }

  /**
   * Whether the command has got the signal of `stop` already. A terminal sends the SIGINT of Ctrl-C to the
   * whole process group, and many servers end at once at a second one. `kill` sends it to this process alone.
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

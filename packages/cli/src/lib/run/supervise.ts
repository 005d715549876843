import { setTimeout as delay } from "node:timers/promises";
import { say, warn } from "./messages.ts";
import { BackOff } from "./back-off.ts";
import { describeEnding, exitCodeOf, type Ending, type RunningCommand } from "./command.ts";
import type { Edits } from "./edits.ts";
import { waitForConnection } from "./first-connection.ts";
import type { Leftovers } from "./leftovers.ts";
import { OwnWrites } from "./own-writes.ts";
import type { StopSignals } from "./stop-signals.ts";

/**
 * The exit codes of a sleeping app: 42 is sockact's `idleExitStatus` for units that restart after every other
 * exit.
 */
const ASLEEP: readonly (number | null)[] = [0, 42];

/** A shorter run, in milliseconds, has probably not served the connection that started it. */
const SHORT_RUN_MS = 1000;

/** The events that start and end the command. */
export interface Supervision {
  start: () => RunningCommand;
  signals: StopSignals;
  /** Set with --watch. */
  edits: Edits | undefined;
  restart: boolean;
  /** The sockets whose first connection starts the command, with --on-demand. */
  onDemand: readonly number[] | undefined;
  stopTimeout: number;
  leftovers: Leftovers;
}

/** Keeps the command running until its final end, or until the user asks to stop. Returns the exit code. */
export class Supervisor {
  readonly #how: Supervision;
  readonly #backOff = new BackOff();
  readonly #ownWrites = new OwnWrites();
  #running: RunningCommand | undefined;

  constructor(how: Supervision) {
    this.#how = how;
  }

  /** Sends a signal to the command, if it runs. */
  pass(signal: NodeJS.Signals): void {
    this.#running?.kill(signal);
  }

  async run(): Promise<number> {
    const { signals, edits, onDemand, start, leftovers } = this.#how;
    while (signals.received === undefined) {
      if (onDemand && !(await this.#connectionComes(onDemand))) break;
      edits?.forget();
      this.#running = start();
      const ending = await this.#endOrEdit(this.#running);
      await leftovers.end(await signals.reachedCommand(), signals.kill);
      if (ending === "edited") continue;
      this.#running = undefined;
      if (signals.received !== undefined) return exitCodeOf(ending);
      if (!(await this.#shouldStartAgain(ending)) && signals.received === undefined)
        return exitCodeOf(ending);
    }
    return exitCodeOf({ code: null, signal: signals.received ?? null });
  }

  /** Resolves to false if the user asks to stop first. */
  async #connectionComes(fds: readonly number[]): Promise<boolean> {
    const { signals } = this.#how;
    const failures = new BackOff();
    while (true) {
      const started = performance.now();
      const connection = waitForConnection(fds);
      void signals.stop.then(() => connection.cancel());
      if (await connection.came) return true;
      if (signals.received !== undefined) return false;
      const wait = failures.after(performance.now() - started);
      warn(`the process that waits for a connection has failed. Another one starts in ${wait / 1000} s`);
      if (!(await this.#waitFor(wait))) return false;
    }
  }

  /** Waits for the end of the command, or ends it when a file has changed or the user asks to stop. */
  async #endOrEdit(running: RunningCommand): Promise<Ending | "edited"> {
    const { signals, edits } = this.#how;
    const first = await Promise.race([
      running.ended,
      signals.stop,
      ...(edits ? [edits.next().then(() => "edited" as const)] : []),
    ]);
    if (typeof first === "object") return first;
    if (first !== "edited") return this.#endAtSignal(running, first);
    const changed = edits?.take() ?? [];
    say(`${listFiles(changed)} changed: restarting`, "green");
    this.#ownWrites.restarts(changed);
    this.#backOff.reset();
    // If the user has asked to stop meanwhile, the command has already been told.
    const ending = await this.#end(running, "SIGTERM");
    return signals.received === undefined ? "edited" : ending;
  }

  async #endAtSignal(running: RunningCommand, signal: NodeJS.Signals): Promise<Ending> {
    const late = setTimeout(
      () => say("waiting for the command to end. Ctrl-C once more kills it"),
      signal === "SIGINT" ? SHORT_RUN_MS / 2 : 2 ** 30,
    );
    const ending = await this.#end(running, signal === "SIGHUP" ? "SIGTERM" : signal);
    clearTimeout(late);
    return ending;
  }

  /**
   * Sends the signal, unless the terminal has sent it, and SIGKILL if the command takes too long or the user
   * asks for it.
   */
  async #end(running: RunningCommand, signal: NodeJS.Signals): Promise<Ending> {
    const { signals, stopTimeout, leftovers } = this.#how;
    const [isTold] = await Promise.all([signals.reachedCommand(), leftovers.remember(running.pid)]);
    if (!isTold) running.kill(signal);
    const tooLong = setTimeout(() => {
      warn(`the command has not ended within ${stopTimeout / 1000} s: killing it`);
      running.kill("SIGKILL");
    }, stopTimeout);
    void signals.kill.then(() => running.kill("SIGKILL"));
    const ending = await running.ended;
    clearTimeout(tooLong);
    return ending;
  }

  /** Reports the end of the command, and waits for the event that starts it again. */
  async #shouldStartAgain(ending: Ending): Promise<boolean> {
    const { edits, restart, onDemand } = this.#how;
    if (onDemand) {
      const isAsleep = ASLEEP.includes(ending.code);
      if (isAsleep && ending.ran >= SHORT_RUN_MS) {
        this.#backOff.reset();
        say("the command sleeps until the next connection");
        return true;
      }
      return this.#waitLonger(ending);
    }
    const hasCrashed = ending.code !== 0;
    if (restart && hasCrashed) return this.#waitLonger(ending);
    if (!edits) {
      if (ending.signal) warn(`the command ${describeEnding(ending)}`);
      return false;
    }
    say(
      `the command ${describeEnding(ending)}. Edit a file to start it again; clients wait`,
      hasCrashed ? "red" : "yellow",
    );
    return this.#waitFor(Infinity);
  }

  async #waitLonger(ending: Ending): Promise<boolean> {
    const wait = this.#backOff.after(ending.ran);
    say(
      `the command ${describeEnding(ending)}. Next start in ${wait / 1000} s${this.#how.edits ? ", or at an edit" : ""}; clients wait`,
      "red",
    );
    return this.#waitFor(wait);
  }

  /** Waits for this many milliseconds or an edit. Resolves to false if the user asks to stop first. */
  async #waitFor(milliseconds: number): Promise<boolean> {
    const { signals, edits } = this.#how;
    const cancelled = new AbortController();
    const { signal } = cancelled;
    const first = await Promise.race([
      signals.stop,
      ...(milliseconds === Infinity ? [] : [delay(milliseconds, undefined, { signal }).catch(() => {})]),
      ...(edits ? [edits.next().then(() => "edited" as const)] : []),
    ]);
    if (first === "edited") {
      say(`${listFiles(edits?.take() ?? [])} changed: starting`, "green");
      this.#backOff.reset();
    }
    cancelled.abort();
    return signals.received === undefined;
  }
}

function listFiles(files: readonly string[]): string {
  const [first = "a file", ...more] = files;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

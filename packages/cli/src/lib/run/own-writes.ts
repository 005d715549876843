import { warn } from "./messages.ts";

/** A file that changes so soon after a restart, in milliseconds, may have been written by the command. */
const SOON_MS = 2000;

/** A person does not save a file so often in a row. */
const RESTARTS = 5;

/** Warns once that the command may write a file at each start, and so restarts itself. */
export class OwnWrites {
  #last = -Infinity;
  /** How many restarts in a row came soon after the one before, for each file that changed at all of them. */
  #counts = new Map<string, number>();
  #isDone = false;

  /** Notes that these files have led to a restart. */
  restarts(files: readonly string[]): void {
    const now = performance.now();
    const isSoon = now - this.#last < SOON_MS;
    this.#last = now;
    this.#counts = new Map(files.map((file) => [file, isSoon ? (this.#counts.get(file) ?? 0) + 1 : 0]));
    const [own] = [...this.#counts].find(([, count]) => count >= RESTARTS) ?? [];
    if (own === undefined || this.#isDone) return;
    this.#isDone = true;
    warn(
      `${own} changes after each start. If the command writes it, the command restarts itself: --ignore ${own}`,
    );
  }
}

import { warn } from "./messages.ts";

/** If a file changes this soon after a restart, in milliseconds, the command may have written it. */
const SOON_MS = 2000;

/** A person does not save a file this often in a row. */
const RESTARTS = 5;

/** Warns once that the command may write a file at each start, and so restart itself. */
export class OwnWrites {
  #last = -Infinity;
  /**
   * For each file: the number of restarts in a row, each soon after the previous one, at which it had
   * changed.
   */
  #counts = new Map<string, number>();
  #isDone = false;

  /** Records the files that caused a restart. */
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

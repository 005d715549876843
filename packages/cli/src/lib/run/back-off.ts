const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/** A command that ran for this long, in milliseconds, has started successfully. */
const RAN_WELL_MS = 10_000;

/** The delay before a crashed command starts again. */
export class BackOff {
  #next = FIRST_MS;

  /** The delay after a run of this length, both in milliseconds. Each crash doubles it, up to 30 s. */
  after(ran: number): number {
    if (ran >= RAN_WELL_MS) this.reset();
    const wait = this.#next;
    this.#next = Math.min(2 * wait, LONGEST_MS);
    return wait;
  }

  reset(): void {
    this.#next = FIRST_MS;
  }
}

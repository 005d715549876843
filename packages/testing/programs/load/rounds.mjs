/** Reports when each client has one more answer. */
export class Rounds {
  #clients;
  /** One entry for each pending round: the clients without an answer, and the function to call. */
  #waiting = [];

  constructor(clients) {
    this.#clients = clients;
  }

  /** Records that the client has an answer. */
  answered(client) {
    for (const { missing, resolve } of this.#waiting) {
      missing.delete(client);
      if (missing.size === 0) resolve();
    }
    this.#waiting = this.#waiting.filter(({ missing }) => missing.size > 0);
  }

  /** Resolves once each client has an answer from now on. Then a new phase of the tally begins. */
  async next(tally) {
    const missing = new Set(Array(this.#clients).keys());
    await new Promise((resolve) => this.#waiting.push({ missing, resolve }));
    tally.beginPhase();
  }
}

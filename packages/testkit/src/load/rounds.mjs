/** Tells when each client has come through once more. */
export class Rounds {
  #clients;
  /** Those that have not, and whom to tell: one entry for each round that is waited for. */
  #waiting = [];

  constructor(clients) {
    this.#clients = clients;
  }

  /** This client has had an answer. */
  answered(client) {
    for (const { missing, resolve } of this.#waiting) {
      missing.delete(client);
      if (missing.size === 0) resolve();
    }
    this.#waiting = this.#waiting.filter(({ missing }) => missing.size > 0);
  }

  /** Resolves once each client has had an answer from now on. */
  next() {
    const missing = new Set(Array(this.#clients).keys());
    return new Promise((resolve) => this.#waiting.push({ missing, resolve }));
  }
}

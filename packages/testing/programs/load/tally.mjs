import { performance } from "node:perf_hooks";

/** The results of all requests. Each one was answered, or failed for one reason. */
export class Tally {
  sent = 0;
  answered = 0;
  /**
   * Failures by reason: the code of the system error, `closed` if the connection ended without an answer, …
   */
  failed = {};
  /** Connections that were reset, during a request or not. */
  resets = 0;
  /** Connections that the clients opened. */
  connections = 0;
  /** The time between two rounds is a phase. */
  #phases = [emptyPhase()];

  /**
   * Records an answer.
   *
   * @param wait how long the client waited for it, in milliseconds
   * @param pid the process that answered, if the answer contains it
   */
  answer(wait, pid) {
    const phase = this.#phases.at(-1);
    this.answered++;
    phase.answered++;
    phase.longest = Math.max(phase.longest, wait);
    if (pid !== undefined) phase.pids.add(Number(pid));
  }

  /** Removes the last answer, which was wrong. */
  takeBack() {
    this.answered--;
    this.#phases.at(-1).answered--;
  }

  beginPhase() {
    this.#phases.push(emptyPhase());
  }

  fail(reason) {
    this.failed[reason] = (this.failed[reason] ?? 0) + 1;
  }

  /** Records the error of a connection, and returns the reason why its request failed. */
  connectionError({ code, syscall, message }) {
    // Node also reports ECONNRESET if the peer ended the connection too early, without a reset.
    if (syscall === undefined) return code === "ECONNRESET" ? "closed" : (code ?? message);
    if (code === "ECONNRESET" || code === "EPIPE") this.resets++;
    return code;
  }

  /** @param unanswered how many requests were in progress when the load ended */
  result(unanswered = 0) {
    const { sent, answered, failed, resets, connections } = this;
    const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
    if (sent !== answered + lost + unanswered) {
      throw new Error(
        `The numbers of the requests do not add up: ${JSON.stringify({ sent, answered, failed, unanswered })}`,
      );
    }
    // The last phase is incomplete: it began with the last round, and the load ended during it.
    const ends = this.#phases.slice(1).map(({ began }) => began);
    const phases = this.#phases.slice(0, -1).map(({ began, pids, ...phase }, index) => ({
      ...phase,
      pids: [...pids],
      seconds: (ends[index] - began) / 1000,
    }));
    const longest = Math.max(...this.#phases.map((phase) => phase.longest));
    return { sent, answered, failed, lost, resets, connections, longest, phases };
  }
}

function emptyPhase() {
  return { began: performance.now(), answered: 0, longest: 0, pids: new Set() };
}

import { performance } from "node:perf_hooks";

/** The results of all requests. Each one was answered, or failed for one reason. */
export class Tally {
  sent = 0;
  answered = 0;
  /** How many failed, by reason: the code of the system's error, `closed` when the connection ended without an answer, … */
  failed = {};
  /** Connections that were reset, with a request under way or not. */
  resets = 0;
  /** Connections that the clients have opened. */
  connections = 0;
  /** The time between two rounds is a phase. */
  #phases = [emptyPhase()];

  /**
   * A request has its answer.
   *
   * @param wait how long the client has waited for it, in milliseconds
   * @param pid the process that answered, if the answer says so
   */
  answer(wait, pid) {
    const phase = this.#phases.at(-1);
    this.answered++;
    phase.answered++;
    phase.longest = Math.max(phase.longest, wait);
    if (pid !== undefined) phase.pids.add(Number(pid));
  }

  /** The last answer was not the right one. */
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

  /** Notes the error of a connection, and returns the reason why its request has failed. */
  connectionError({ code, syscall, message }) {
    // Node also says ECONNRESET when the other side has ended the connection without a reset, but too early.
    if (syscall === undefined) return code === "ECONNRESET" ? "closed" : (code ?? message);
    if (code === "ECONNRESET" || code === "EPIPE") this.resets++;
    return code;
  }

  /** @param unanswered how many were under way when the load ended */
  result(unanswered = 0) {
    const { sent, answered, failed, resets, connections } = this;
    const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
    if (sent !== answered + lost + unanswered) {
      throw new Error(
        `The numbers of the requests do not add up: ${JSON.stringify({ sent, answered, failed, unanswered })}`,
      );
    }
    // The last phase has begun with the end of the last round, and the end of the load has cut it short.
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

/** The results of all requests. Each one was answered, or failed for one reason. */
export class Tally {
  sent = 0;
  answered = 0;
  /** How many failed, by reason: the code of the system's error, `closed` when the connection ended without an answer, … */
  failed = {};
  /** Connections that were reset, with a request under way or not. */
  resets = 0;

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
    const { sent, answered, failed, resets } = this;
    const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
    if (sent !== answered + lost + unanswered) {
      throw new Error(
        `The numbers of the requests do not add up: ${JSON.stringify({ sent, answered, failed, unanswered })}`,
      );
    }
    return { sent, answered, failed, lost, resets };
  }
}

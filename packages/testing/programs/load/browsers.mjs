// Clients that behave like browsers: each opens a connection, gets one answer, and leaves the connection idle
// until the server closes it.
import { connect } from "node:net";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { isWhole } from "./requests.mjs";
import { Tally } from "./tally.mjs";

/** The sampling interval of the event loop's delay, in milliseconds. Each sample includes it. */
const RESOLUTION = 10;

/** @param {{ host: string, port: number, perSecond: number }} options `perSecond`: new clients per second */
export function start({ host, port, perSecond }) {
  const tally = new Tally();
  const sockets = new Set();
  const visits = new Set();
  /**
   * The times from `connect()` to the end of each answer, in milliseconds, including the time in the kernel's
   * queue.
   */
  const waits = [];
  /** Resolvers of `round()`, each with the number of clients before the call. */
  let rounds = [];
  const loopDelay = monitorEventLoopDelay({ resolution: RESOLUTION });
  loopDelay.enable();

  const visit = async () => {
    const number = tally.sent++;
    const began = performance.now();
    const socket = connect({ host, port, noDelay: true });
    tally.connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    const problem = await ask(socket, host, tally);
    if (problem === undefined) {
      const wait = performance.now() - began;
      tally.answer(wait);
      waits.push(wait);
    } else {
      tally.fail(problem);
    }
    for (const { before, resolve } of rounds) if (number >= before) resolve();
    rounds = rounds.filter(({ before }) => number < before);
  };
  const come = () => {
    const visiting = visit().finally(() => visits.delete(visiting));
    visits.add(visiting);
  };
  const coming = setInterval(come, 1000 / perSecond);
  come();

  return {
    /** Resolves once a client that connects after this call has an answer. */
    async round() {
      await new Promise((resolve) => rounds.push({ before: tally.sent, resolve }));
      tally.beginPhase();
    },
    async stop() {
      clearInterval(coming);
      await Promise.all(visits);
      for (const socket of sockets) socket.destroy();
      loopDelay.disable();
      const sorted = waits.toSorted((a, b) => a - b);
      return {
        ...tally.result(),
        median: sorted[sorted.length >> 1] ?? 0,
        stalled: Math.max(0, loopDelay.max / 1e6 - RESOLUTION),
      };
    },
  };
}

/**
 * Sends one request, and leaves the connection open. A raw socket, because a client of node:http closes an
 * idle connection before the server's keep-alive time is over.
 *
 * @returns {Promise<string | undefined>} why the request failed, or `undefined` if it was answered
 */
function ask(socket, host, tally) {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += chunk;
      const [, status, length] = /^HTTP\/1\.1 (\d+) [^]*?\r\ncontent-length: (\d+)\r\n/i.exec(text) ?? [];
      const head = text.indexOf("\r\n\r\n");
      if (head === -1 || length === undefined || text.length < head + 4 + Number(length)) return;
      if (status !== "200") resolve(`status ${status}`);
      else resolve(isWhole(text.slice(head + 4)) ? undefined : "another body");
    });
    // After an answer, the connection ends normally. A reset always counts.
    socket.on("end", () => resolve("closed"));
    socket.on("error", (error) => resolve(tally.connectionError(error)));
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`);
  });
}

// WebSocket clients. Each sends a message, waits for its echo, pauses, and repeats. It connects again when it
// is closed.
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { randomFrom } from "./random.mjs";
import { Rounds } from "./rounds.mjs";
import { Tally } from "./tally.mjs";

/**
 * A message that crossed the server's close frame. The protocol allows no answer after a close frame, so the
 * message is sent again.
 */
const CROSSED = Symbol("crossed");

/**
 * @param {{ url: string, clients: number, think: number, atLeast?: number, seed: number, timeout?: number }}
 *   options a pause takes `atLeast` and up to `think` milliseconds more; `timeout`: seconds until a message
 *   without its echo fails
 */
export function start({ url, clients, think, atLeast = 0, seed, timeout }) {
  const tally = new Tally();
  const rounds = new Rounds(clients);
  const stopping = new AbortController();
  /** How many connections ended with each code. 1006 is an end without a close frame. */
  const closed = {};
  let crossed = 0;

  const live = async (id) => {
    const random = randomFrom(seed + id);
    let socket;
    let began;
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      began ??= performance.now();
      try {
        if (socket?.readyState !== WebSocket.OPEN) socket = await connect();
        if ((await echoOf(socket, `${id} ${turn}`, timeout)) === CROSSED) {
          crossed++;
          continue;
        }
        // Includes the time for a new connection.
        tally.answer(performance.now() - began);
      } catch (error) {
        tally.fail(tally.connectionError(error));
        socket?.terminate();
      }
      began = undefined;
      tally.sent++;
      rounds.answered(id);
      await delay(atLeast + random() * think, undefined, stopping).catch(() => {});
    }
    socket?.removeAllListeners("close").terminate();
  };

  async function connect() {
    tally.connections++;
    const socket = new WebSocket(url.replace("http", "ws"), {
      rejectUnauthorized: false,
      ...(timeout && { handshakeTimeout: timeout * 1000 }),
    });
    await once(socket, "open");
    socket.on("error", (error) => tally.connectionError(error));
    socket.on("close", (code) => {
      closed[code] = (closed[code] ?? 0) + 1;
    });
    return socket;
  }
  const lives = Array.from({ length: clients }, (_, id) => live(id));

  return {
    round: () => rounds.next(tally),
    async stop() {
      stopping.abort();
      await Promise.all(lives);
      return { ...tally.result(), closed, crossed };
    },
  };
}

function echoOf(socket, text, timeout) {
  return new Promise((resolve, reject) => {
    const timer = timeout && setTimeout(() => settle(() => reject(new Error("timeout"))), timeout * 1000);
    const onMessage = (data) =>
      settle(() => (data.toString() === text ? resolve() : reject(new Error("another echo"))));
    const onClose = (code) => settle(() => (code === 1006 ? reject(new Error("closed")) : resolve(CROSSED)));
    const settle = (how) => {
      clearTimeout(timer);
      socket.off("message", onMessage).off("close", onClose);
      how();
    };
    socket.on("message", onMessage).on("close", onClose);
    socket.send(text, () => {});
  });
}

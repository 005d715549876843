// Connections that stay open and idle, with one answer each per round.
import { once } from "node:events";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { Tally } from "./tally.mjs";

/** The maximum number of requests at once. */
const AT_ONCE = 50;

/**
 * @param {{ host: string, port: number, clients: number, timeout: number }} options `timeout`: seconds until
 *   a request fails
 */
export function start({ host, port, clients, timeout }) {
  const tally = new Tally();
  const sockets = new Map();
  /** Connections that the server closed. */
  let closed = 0;

  async function open(id) {
    const socket = connect({ host, port, noDelay: true });
    tally.connections++;
    sockets.set(id, socket);
    socket.on("error", (error) => tally.connectionError(error));
    socket.on("close", () => {
      closed++;
      sockets.delete(id);
    });
    await once(socket, "connect");
    return socket;
  }

  async function ask(id) {
    tally.sent++;
    const began = performance.now();
    try {
      const socket = sockets.get(id) ?? (await open(id));
      const pid = await answerOver(socket, host, timeout);
      tally.answer(performance.now() - began, pid);
    } catch (error) {
      tally.fail(error.message);
    }
  }

  return {
    async round() {
      const ids = Array(clients).keys();
      const askInTurn = async () => {
        for (const id of ids) await ask(id);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
      tally.beginPhase();
    },
    async stop() {
      const result = { ...tally.result(), closed };
      for (const socket of sockets.values()) socket.destroy();
      return result;
    },
  };
}

/** Resolves to the process that answered. */
function answerOver(socket, host, timeout) {
  return new Promise((resolve, reject) => {
    let text = "";
    const settle = (how) => {
      clearTimeout(timer);
      socket.off("data", onData).off("close", onClose);
      how();
    };
    const timer = setTimeout(() => settle(() => reject(new Error("timeout"))), timeout * 1000);
    const onClose = () => settle(() => reject(new Error("closed")));
    const onData = (chunk) => {
      text += chunk;
      const pid = /\r\nx-pid: (\d+)\r\n[^]*\r\n\r\n.*\}$/i.exec(text)?.[1];
      if (pid !== undefined) settle(() => resolve(pid));
    };
    socket.on("data", onData).on("close", onClose);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}

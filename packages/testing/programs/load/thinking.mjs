// Clients of node:http with one connection each, which pause between an answer and the next request.
import * as http from "node:http";
import * as https from "node:https";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { randomFrom } from "./random.mjs";
import { requestsOf } from "./requests.mjs";
import { Rounds } from "./rounds.mjs";
import { slowNetwork } from "./slow-network.mjs";
import { Tally } from "./tally.mjs";

/**
 * @param {{ host: string, port: number, socketPath?: string, clients: number, keepAlive: boolean, think: number, away: number, secure?: boolean, seed: number, timeout?: number, requests?: object[], status?: number, answer?: string }} options
 *   `keepAlive: false`: each request on a new connection; `think`: the longest thought, `away`: how long each way takes, both in
 *   milliseconds; `secure`: over TLS, with any certificate; `timeout`: after so many seconds without an answer, a request has failed; `requests`, `status`, `answer`: as `requestsOf()` has them
 */
export async function start(options) {
  const {
    host,
    port,
    socketPath,
    clients,
    keepAlive,
    think,
    away,
    secure = false,
    seed,
    timeout = 0,
    ...asking
  } = options;
  const { requests, status: wanted, isWhole } = requestsOf(asking);
  const network = await slowNetwork({ host, port, path: socketPath, delay: away });
  const tally = new Tally();
  const rounds = new Rounds(clients);
  const stopping = new AbortController();
  const { Agent, request } = secure ? https : http;
  const to = { host: "127.0.0.1", port: network.port, timeout: timeout * 1000 };
  let fullHandshakes = 0;
  let resumptions = 0;

  /** Counts the connections that the clients open, and their handshakes. */
  const countConnection = (sent, socket) => {
    if (sent.reusedSocket) return;
    tally.connections++;
    if (!secure) return;
    socket.once("secureConnect", () => {
      if (socket.isSessionReused()) resumptions++;
      else fullHandshakes++;
    });
  };

  const live = async (id) => {
    const random = randomFrom(seed + id);
    const agent = new Agent({ keepAlive, maxSockets: 1, rejectUnauthorized: false });
    for (let turn = id; !stopping.signal.aborted; turn++) {
      tally.sent++;
      const began = performance.now();
      try {
        const { body: asked, ...head } = requests[turn % requests.length];
        const sent = request({ ...to, ...head, agent });
        sent.once("socket", (socket) => countConnection(sent, socket));
        const { status, headers, body } = await answerTo(sent, asked);
        if (status !== wanted) tally.fail(`status ${status}`);
        else if (!isWhole(body)) tally.fail("another body");
        else tally.answer(performance.now() - began, headers["x-pid"]);
      } catch (error) {
        tally.fail(tally.connectionError(error));
      }
      rounds.answered(id);
      await delay(random() * think, undefined, stopping).catch(() => {});
    }
    agent.destroy();
  };
  const lives = Array.from({ length: clients }, (_, id) => live(id));

  return {
    round: () => rounds.next(tally),
    async stop() {
      stopping.abort();
      await Promise.all(lives);
      network.close();
      return { ...tally.result(), fullHandshakes, resumptions };
    },
  };
}

/** The answer to one request. node:http never repeats a request. */
function answerTo(sent, body) {
  return new Promise((resolve, reject) => {
    sent.on("response", (response) => {
      const { statusCode: status, headers } = response;
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status, headers, body: Buffer.concat(chunks).toString() }));
    });
    sent.on("timeout", () =>
      sent.destroy(Object.assign(new Error("No answer"), { code: "timeout", syscall: "read" })),
    );
    sent.on("error", reject).end(body);
  });
}

// Clients of node:http with one connection each, who think between an answer and their next request.
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { randomFrom } from "./random.mjs";
import { requestsOf } from "./requests.mjs";
import { Rounds } from "./rounds.mjs";
import { slowNetwork } from "./slow-network.mjs";
import { Tally } from "./tally.mjs";

/**
 * @param {{ host: string, port: number, clients: number, keepAlive: boolean, think: number, away: number, seed: number, timeout?: number, requests?: object[], answer?: string }} options
 *   `keepAlive: false`: each request on a new connection; `think`: the longest thought, `away`: how long each way takes, both in
 *   milliseconds; `timeout`: after so many seconds without an answer, a request has failed; `requests`, `answer`: as `requestsOf()` has them
 */
export async function start({ host, port, clients, keepAlive, think, away, seed, timeout = 0, ...asked }) {
  const { requests, isWhole } = requestsOf(asked);
  const network = await slowNetwork({ host, port, delay: away });
  const tally = new Tally();
  const rounds = new Rounds(clients);
  const stopping = new AbortController();

  const live = async (id) => {
    const random = randomFrom(seed + id);
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    for (let turn = id; !stopping.signal.aborted; turn++) {
      tally.sent++;
      try {
        const { status, body } = await ask(network.port, agent, timeout, requests[turn % requests.length]);
        if (status !== 200) tally.fail(`status ${status}`);
        else if (!isWhole(body)) tally.fail("another body");
        else tally.answered++;
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
    round: () => rounds.next(),
    async stop() {
      stopping.abort();
      await Promise.all(lives);
      network.close();
      return tally.result();
    },
  };
}

/** One request, which is not repeated: node:http never does. */
function ask(port, agent, timeout, { body, ...options }) {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, agent, timeout: timeout * 1000, ...options },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.on("timeout", () =>
      sent.destroy(Object.assign(new Error("No answer"), { code: "timeout", syscall: "read" })),
    );
    sent.on("error", reject).end(body);
  });
}

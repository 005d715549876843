// The clients of the demo: node clients-program.mjs CERTIFICATE. They run where they can reach the apps, such
// as inside the private systemd. Node runs this file there without a loader, so it is JavaScript. Each
// message over the IPC channel names a function below and its arguments, and gets one answer.
import http from "node:http";
import https from "node:https";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** The pause of each client between an answer and its next request, in milliseconds. */
const THINK = 10;
/** The minimum number of requests of each client before the restart and after it. */
const TURNS = 10;
/** The time after which a request without an answer has failed, in milliseconds. */
const PATIENCE = 15_000;

// The only certificate that these clients trust.
const ca = process.argv[2];
const agentFor = (keepAlive) => new https.Agent({ ca, keepAlive, maxSockets: 1 });

/** Sends one request. node:http never repeats a request. */
function get(url, agent = url.startsWith("https:") ? agentFor(false) : new http.Agent()) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const { request } = url.startsWith("https:") ? https : http;
    const sent = request(url, { agent, signal }, async (response) => {
      try {
        const body = JSON.parse((await response.setEncoding("utf8").toArray()).join(""));
        if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
        resolve({ body, milliseconds: performance.now() - start });
      } catch (error) {
        reject(error);
      }
    });
    sent.on("error", reject).end();
  });
}

let load;

class Load {
  requests = 0;
  /** The number of failed requests, by reason. */
  failed = {};
  /** The longest time from a request, with its connection, to the end of its answer. */
  longest = 0;
  /** The processes that answered, in the order of their first answers. */
  pids = new Set();
  #isStopping = false;
  #turns = [];
  #clients;

  constructor(url, keeping, closing) {
    const kinds = [...Array(keeping).fill(true), ...Array(closing).fill(false)];
    this.#clients = kinds.map((keepAlive, id) => this.#live(url, agentFor(keepAlive), id));
  }

  async #live(url, agent, id) {
    for (this.#turns[id] = 0; !this.#isStopping; this.#turns[id]++) {
      this.requests++;
      const start = performance.now();
      await get(url, agent).then(
        ({ body }) => this.pids.add(body.pid),
        ({ code, message }) => (this.failed[code ?? message] = (this.failed[code ?? message] ?? 0) + 1),
      );
      this.longest = Math.max(this.longest, performance.now() - start);
      await delay(THINK);
    }
    agent.destroy();
  }

  /** Resolves when each client has started and finished this number of requests. */
  async turns(number) {
    const before = [...this.#turns];
    // One more, because a request may be in progress already.
    while (this.#turns.some((turns, id) => turns <= before[id] + number)) await delay(THINK);
  }

  async stop() {
    this.#isStopping = true;
    await Promise.all(this.#clients);
  }
}

const calls = {
  get: (url) => get(url),
  async startLoad(...options) {
    load = new Load(...options);
    await load.turns(TURNS);
    return [...load.pids].at(-1);
  },
  async endLoad() {
    await load.turns(TURNS);
    await load.stop();
    return { ...load, pids: [...load.pids] };
  },
};

// The demo has ended, or it was killed.
process.on("disconnect", () => process.exit());

process.on("message", async ({ call, options }) => {
  const answer = await calls[call](...options).then(
    (result) => ({ result }),
    ({ message, code }) => ({ error: message || code }),
  );
  // Without a callback, Node throws if nobody receives the answer.
  process.send(answer, () => {});
});

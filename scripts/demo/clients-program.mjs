// The clients of the demo, which run where the app can be reached: node clients-program.mjs CERTIFICATE. Each message over the IPC channel
// names a function below and its arguments, and gets one answer. Plain JavaScript, because it runs on Node itself, inside the private systemd.
import http from "node:http";
import https from "node:https";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** How long a client of the load thinks between an answer and its next request, in milliseconds. */
const THINK = 10;
/** How many requests each client makes before the restart and after it, at least. */
const TURNS = 10;
/** A request without an answer for so long has failed, in milliseconds. */
const PATIENCE = 15_000;

// https verifies the certificate against it, because it is the only one that these clients trust.
const ca = process.argv[2];
const agentFor = (keepAlive) => new https.Agent({ ca, keepAlive, maxSockets: 1 });

/** One request. It is not repeated: node:http never does. */
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
  /** How many failed, by reason. */
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

  /** Resolves once each client has begun and ended so many requests. */
  async turns(number) {
    const before = [...this.#turns];
    // A request may be under way, which began before.
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

process.on("message", async ({ call, options }) => {
  process.send(
    await calls[call](...options).then(
      (result) => ({ result }),
      ({ message, code }) => ({ error: message || code }),
    ),
  );
});

import { setMaxListeners } from "node:events";
import http from "node:http";
import https from "node:https";
import { createConnection, type NetConnectOpts } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type ClientOptions, WebSocket } from "ws";
import type { Balancer } from "./balancer.ts";

export type Protocol = "http" | "https" | "ws";

/** What the clients of one stop have seen. */
export interface Tally {
  requests: number;
  /** Requests whose connection was reset or ended before the whole answer. */
  cut: number;
  /** Requests whose connection was refused, because nothing listened. */
  refused: number;
}

/** The longest time that a client thinks between two requests, in milliseconds. */
const THINK = 1000;
/** How long a client waits after a failure, in milliseconds. */
const AFTER_FAILURE = 100;

/** Clients that send requests until they are stopped. None of them sends a request again. */
export class StopClients {
  readonly tally: Tally = { requests: 0, cut: 0, refused: 0 };
  readonly #balancer: Balancer;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>[] = [];

  constructor(balancer: Balancer, protocol: Protocol) {
    this.#balancer = balancer;
    setMaxListeners(0, this.#ended.signal);
    const { Agent, get } = protocol === "https" ? https : http;
    const address = `${protocol === "https" ? "https" : "http"}://127.0.0.1:${balancer.port}`;
    const client = (path: string, { keepAlive = true, think = 0 }): void => {
      const agent = new Agent({ keepAlive, rejectUnauthorized: false });
      const request = (): Promise<void> =>
        this.#request((settle) => get(`${address}${path}`, { agent }, settle));
      void this.#run(request, think).finally(() => agent.destroy());
    };
    if (protocol === "ws")
      for (let count = 0; count < 20; count++) this.#running.push(this.#talk(balancer.port));
    else {
      for (let count = 0; count < 20; count++) client("/", { think: THINK });
      for (let count = 0; count < 2; count++) client("/", {});
      client("/", { keepAlive: false });
      client("/download", {});
    }
  }

  /** Resolves when each client has got its last answer. */
  async end(): Promise<Tally> {
    this.#ended.abort();
    await Promise.all(this.#running);
    return this.tally;
  }

  #run(request: () => Promise<void>, think: number): Promise<void> {
    const running = (async () => {
      while (!this.#ended.signal.aborted) {
        await this.#rest(Math.random() * think);
        await request();
      }
    })();
    this.#running.push(running);
    return running;
  }

  #rest(time: number): Promise<unknown> {
    return delay(time, undefined, { signal: this.#ended.signal }).catch(() => {});
  }

  #fail(port: number | undefined): Promise<unknown> {
    if (port !== undefined && this.#balancer.refused.delete(port)) this.tally.refused++;
    else this.tally.cut++;
    return this.#rest(AFTER_FAILURE);
  }

  async #request(
    send: (settle: (response: http.IncomingMessage) => void) => http.ClientRequest,
  ): Promise<void> {
    this.tally.requests++;
    let port: number | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const request = send((response) => {
          response.on("error", reject).on("end", resolve).resume();
        });
        // The port is unknown once the connection has closed.
        request.on("socket", (socket) => {
          port = socket.localPort;
          if (socket.connecting) socket.once("connect", () => (port = socket.localPort));
        });
        request.on("error", reject);
      });
    } catch {
      await this.#fail(port);
    }
  }

  /** A WebSocket that sends a message, waits for its echo and thinks. It connects again when it was closed. */
  async #talk(balancerPort: number): Promise<void> {
    while (!this.#ended.signal.aborted) {
      let port: number | undefined;
      const socket = new WebSocket(`ws://127.0.0.1:${balancerPort}`, {
        createConnection(options: NetConnectOpts) {
          const connection = createConnection(options);
          return connection.once("connect", () => (port = connection.localPort));
        },
      } as ClientOptions);
      const closed = new Promise<number>((resolve) => socket.on("close", resolve));
      socket.on("error", () => {});
      const say = async (): Promise<void> => {
        await this.#rest(Math.random() * THINK);
        if (this.#ended.signal.aborted) return socket.close(1000);
        if (socket.readyState !== WebSocket.OPEN) return;
        this.tally.requests++;
        socket.send("hello");
      };
      socket.on("open", () => void say()).on("message", () => void say());
      const code = await closed;
      // 1001: the server goes away. A message that crosses this frame gets no answer, and the client knows it.
      if (![1000, 1001].includes(code)) await this.#fail(port);
    }
  }
}

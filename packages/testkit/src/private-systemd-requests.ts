import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { DEADLINE } from "./app-process.ts";

/** A request to a server inside a private systemd. */
export interface PrivateRequest {
  /** The address. For a unix socket, any host works, such as `http://localhost/path`. */
  url: string;
  /** A unix socket to connect to, in the place of the host: a path, or `@name` for an abstract one. */
  socketPath?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** How long the whole answer may take, in milliseconds; 10,000 when left out. */
  timeout?: number;
}

/** The answer of the server. */
export interface PrivateResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

type Answer =
  | { id: number; response: PrivateResponse }
  | { id: number; error: { code?: string; message: string } };
type Waiting = {
  resolve(response: PrivateResponse): void;
  reject(error: Error): void;
  what: string;
};

/** Talks to the process that makes requests inside the namespaces (private-systemd-agent.mjs), begun by the first request. */
export class Requests {
  readonly #start: () => ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #agent: ChildProcess | undefined;
  #lastId = 0;

  constructor(start: () => ChildProcess) {
    this.#start = start;
  }

  request(request: PrivateRequest): Promise<PrivateResponse> {
    this.#agent ??= this.#startAgent();
    const id = ++this.#lastId;
    const what = `${request.method ?? "GET"} ${request.url}${request.socketPath ? ` at ${request.socketPath}` : ""}`;
    this.#agent.stdin?.write(`${JSON.stringify({ timeout: DEADLINE, ...request, id })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, what }));
  }

  #startAgent(): ChildProcess {
    const agent = this.#start();
    let complaints = "";
    agent.stderr?.on("data", (chunk) => (complaints += chunk));
    // A write to an agent that has ended fails. The handler of `close` rejects the waiting requests.
    agent.stdin?.on("error", () => {});
    if (agent.stdout)
      createInterface({ input: agent.stdout }).on("line", (line) => this.#settle(JSON.parse(line)));
    agent.on("error", (error) => (complaints += error.message));
    agent.on("close", () => {
      this.#agent = undefined;
      for (const waiting of this.#waiting.values()) {
        waiting.reject(new Error(`${waiting.what}: the requesting process ended. ${complaints}`.trim()));
      }
      this.#waiting.clear();
    });
    return agent;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("response" in answer) waiting?.resolve(answer.response);
    else {
      const { code, message } = answer.error;
      waiting?.reject(Object.assign(new Error(`${waiting.what}: ${message}`), { code }));
    }
  }
}

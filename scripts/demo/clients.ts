import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** The answer of each app in the demo. */
export interface WhoAmI {
  pid: number;
  uid: number;
  /** The resident memory, in bytes. */
  memory: number;
}

export interface Answer<Body> {
  body: Body;
  /** The time from the request, with its connection, to the end of the answer. */
  milliseconds: number;
}

export interface LoadResult {
  requests: number;
  /** The number of failed requests, by reason. */
  failed: Record<string, number>;
  /** The longest time from a request, with its connection, to the end of its answer, in milliseconds. */
  longest: number;
  /** The processes that answered, in the order of their first answers. */
  pids: number[];
}

/**
 * The clients of the demo, which run in a separate process (clients-program.mjs). Only one call may run at a
 * time.
 */
export class Clients {
  readonly #program: ChildProcess;

  constructor(program: ChildProcess) {
    this.#program = program;
  }

  /**
   * Sends one request over a new connection. Rejects if the certificate is not the one of the demo, or the
   * status is not 200.
   */
  get<Body = WhoAmI>(url: string): Promise<Answer<Body>> {
    return this.#call("get", url);
  }

  /** Starts the load. When each client has received some answers, resolves to the process ID of the app. */
  startLoad(url: string, keeping: number, closing: number): Promise<number> {
    return this.#call("startLoad", url, keeping, closing);
  }

  /**
   * Ends the load. Resolves when each client has received some more answers, and all connections are closed.
   */
  endLoad(): Promise<LoadResult> {
    return this.#call("endLoad");
  }

  async #call<Result>(call: string, ...options: (string | number)[]): Promise<Result> {
    const program = this.#program;
    const answered = new AbortController();
    const gone = once(program, "close", { signal: answered.signal }).then(() => {
      throw new Error("The clients of the demo have ended.");
    });
    try {
      const message = once(program, "message", { signal: answered.signal });
      program.send({ call, options });
      const [{ result, error }] = (await Promise.race([message, gone])) as [
        { result: Result; error?: string },
      ];
      if (error !== undefined) throw new Error(`${options[0]}: ${error}`);
      return result;
    } finally {
      gone.catch(() => {});
      answered.abort();
    }
  }
}

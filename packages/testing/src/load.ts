import { type AppProcess, watchProcess } from "./app-process.ts";
import type { PrivateSystemd } from "./private-systemd.ts";

/** The results of the requests of a load: each was answered, or failed for one reason. */
export interface LoadResult {
  sent: number;
  answered: number;
  /** How many failed, by reason. */
  failed: Record<string, number>;
  /** How many failed. */
  lost: number;
  /** Connections that were reset. */
  resets: number;
  /** Connections that the clients have opened. */
  connections: number;
  /** The longest time of a request, including its connection, in milliseconds. */
  longest: number;
  /** What happened between two rounds. The first phase is the start of the load. */
  phases: Phase[];
}

/** The time in which each client has at least one answer. */
interface Phase {
  seconds: number;
  answered: number;
  /** The longest time of a request, including its connection, in milliseconds. */
  longest: number;
  /** The processes that answered, from the header `x-pid`. */
  pids: number[];
}

/** The requests for an app without the routes of load-app.mjs. The clients take turns with them. */
export interface AskedFor {
  requests?: readonly {
    method: string;
    path: string;
    headers?: Record<string, string>;
    body?: string;
  }[];
  /** A regular expression that the body of each answer matches. */
  answer?: string;
}

/** Each kind of load, with its options and its result. */
export interface Loads {
  /**
   * Clients of autocannon that always have a request in progress. After a failed request, a client sends the
   * next one at once, and its wait continues until it has an answer. `timeout`: seconds until a request
   * fails, 60 by default.
   */
  busy: {
    options: { url: string; connections: number; keepAlive: boolean; timeout?: number } & AskedFor;
    result: LoadResult;
  };
  /**
   * Clients that pause for up to `think` ms between requests, `away` ms away. `secure`: they use TLS, and
   * accept any certificate. `timeout`: seconds until a request fails; by default never.
   */
  thinking: {
    options: {
      host: string;
      port: number;
      clients: number;
      keepAlive: boolean;
      think: number;
      away: number;
      secure?: boolean;
      seed: number;
      timeout?: number;
    } & AskedFor;
    /** How many TLS connections began with a full handshake, and how many resumed a session. */
    result: LoadResult & { fullHandshakes: number; resumptions: number };
  };
  /**
   * `perSecond` new clients per second. Each gets one answer, then leaves its connection idle until the
   * server closes it.
   */
  browsers: {
    options: { host: string; port: number; perSecond: number };
    /**
     * `median`: the time from `connect()` to the end of the answer. `stalled`: the longest time for which the
     * load process itself did not run, which distinguishes a busy machine from a slow server. Both in
     * milliseconds.
     */
    result: LoadResult & { median: number; stalled: number };
  };
  /**
   * Each client sends a message, gets its echo, and pauses for `atLeast` and up to `think` ms more.
   * `timeout`: seconds until a message fails; by default never. For `https:`, any certificate is accepted.
   */
  webSockets: {
    options: {
      url: string;
      clients: number;
      think: number;
      atLeast?: number;
      seed: number;
      timeout?: number;
    };
    /**
     * `closed`: how many were closed with which code, 1006 for none; `crossed`: messages that crossed a close
     * frame and were sent again.
     */
    result: LoadResult & { closed: Record<string, number>; crossed: number };
  };
  /**
   * Connections that stay open and idle, with one request each at the start and in each round. `timeout`:
   * seconds until a request fails.
   */
  idle: {
    options: { host: string; port: number; clients: number; timeout: number };
    /** `closed`: how many connections the server closed. */
    result: LoadResult & { closed: number };
  };
  /**
   * In each round, this many clients start something and never finish it: a head, a body, or reading an
   * answer.
   */
  hostile: { options: { host: string; port: number; clients: number }; result: { connections: number } };
  /** Read to its end when its result is requested. */
  download: { options: { url: string; bytes: number; seed: number }; result: Transfer };
  /** The second half is sent, with pauses, when its result is requested. */
  upload: { options: { url: string; bytes: number; seed: number; pause: number }; result: Transfer };
  /** Several loads in one process, with their results in the same order. */
  together: { options: { loads: readonly OneLoad[] }; result: { results: LoadResult[] } };
}

/** A load that counts requests, with its options. */
export type OneLoad = {
  [Kind in "busy" | "thinking" | "webSockets"]: [kind: Kind, options: Loads[Kind]["options"]];
}["busy" | "thinking" | "webSockets"];

interface Transfer {
  /** The process that answered. */
  pid: number;
  got: Bytes;
  expected: Bytes;
}

interface Bytes {
  bytes: number;
  sha256: string;
}

/** Clients in a separate process inside a private systemd. */
export class Load<Kind extends keyof Loads = keyof Loads> implements AsyncDisposable {
  readonly #program: AppProcess;

  private constructor(program: AppProcess) {
    this.#program = program;
  }

  /** Resolves once each client has an answer. */
  static async start<Kind extends keyof Loads>(
    systemd: PrivateSystemd,
    kind: Kind,
    options: Loads[Kind]["options"],
  ): Promise<Load<Kind>> {
    const program = systemd.inside(new URL("../programs/load-program.mjs", import.meta.url));
    const load = new Load<Kind>(
      watchProcess(systemd.spawn([systemd.node, program, kind, JSON.stringify(options)])),
    );
    await load.#program.event("running");
    return load;
  }

  /** Resolves once each client has one more answer. */
  async round(): Promise<void> {
    this.#program.write("round");
    await this.#program.event("round");
  }

  /** Ends the load. */
  async result(): Promise<Loads[Kind]["result"]> {
    this.#program.endInput();
    return this.#program.event<Loads[Kind]["result"] & Record<string, unknown>>("result");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

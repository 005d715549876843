import { type AppProcess, watchProcess } from "./app-process.ts";
import type { PrivateSystemd } from "./private-systemd.ts";

/** The results of the requests of a load: each was answered, or failed for one reason. */
export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  /** How many failed, by reason. */
  readonly failed: Record<string, number>;
  /** How many failed. */
  readonly lost: number;
  /** Connections that were reset. */
  readonly resets: number;
  /** Connections that the clients have opened. */
  readonly connections: number;
  /** The longest time of a request, including its connection, in milliseconds. */
  readonly longest: number;
  /** What happened between two rounds. The first phase is the start of the load. */
  readonly phases: readonly Phase[];
}

/** The time in which each client has at least one answer. */
export interface Phase {
  readonly seconds: number;
  readonly answered: number;
  /** The longest time of a request, including its connection, in milliseconds. */
  readonly longest: number;
  /** The processes that answered, from the header `x-pid`. */
  readonly pids: readonly number[];
}

/** The requests for an app without the routes of load-app.mjs. The clients take turns with them. */
export interface AskedFor {
  readonly requests?: readonly {
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  }[];
  /** A regular expression that the body of each answer matches. */
  readonly answer?: string;
}

/** Each kind of load, with its options and its result. */
export interface Loads {
  /**
   * Clients of autocannon that always have a request in progress. After a failed request, a client sends the
   * next one at once, and its wait continues until it has an answer. `timeout`: seconds until a request
   * fails, 60 by default.
   */
  readonly busy: {
    readonly options: {
      readonly url: string;
      readonly connections: number;
      readonly keepAlive: boolean;
      readonly timeout?: number;
    } & AskedFor;
    readonly result: LoadResult;
  };
  /**
   * Clients that pause for up to `think` ms between requests, `away` ms away. `secure`: they use TLS, and
   * accept any certificate. `timeout`: seconds until a request fails; by default never.
   */
  readonly thinking: {
    readonly options: {
      readonly host: string;
      readonly port: number;
      readonly clients: number;
      readonly keepAlive: boolean;
      readonly think: number;
      readonly away: number;
      readonly secure?: boolean;
      readonly seed: number;
      readonly timeout?: number;
    } & AskedFor;
    /** How many TLS connections began with a full handshake, and how many resumed a session. */
    readonly result: LoadResult & { readonly fullHandshakes: number; readonly resumptions: number };
  };
  /**
   * `perSecond` new clients per second. Each gets one answer, then leaves its connection idle until the
   * server closes it.
   */
  readonly browsers: {
    readonly options: { readonly host: string; readonly port: number; readonly perSecond: number };
    /**
     * `median`: the time from `connect()` to the end of the answer. `stalled`: the longest time for which the
     * load process itself did not run, which distinguishes a busy machine from a slow server. Both in
     * milliseconds.
     */
    readonly result: LoadResult & { readonly median: number; readonly stalled: number };
  };
  /**
   * Each client sends a message, gets its echo, and pauses for `atLeast` and up to `think` ms more.
   * `timeout`: seconds until a message fails; by default never. For `https:`, any certificate is accepted.
   */
  readonly webSockets: {
    readonly options: {
      readonly url: string;
      readonly clients: number;
      readonly think: number;
      readonly atLeast?: number;
      readonly seed: number;
      readonly timeout?: number;
    };
    /**
     * `closed`: how many were closed with which code, 1006 for none; `crossed`: messages that crossed a close
     * frame and were sent again.
     */
    readonly result: LoadResult & { readonly closed: Record<string, number>; readonly crossed: number };
  };
  /**
   * Connections that stay open and idle, with one request each at the start and in each round. `timeout`:
   * seconds until a request fails.
   */
  readonly idle: {
    readonly options: {
      readonly host: string;
      readonly port: number;
      readonly clients: number;
      readonly timeout: number;
    };
    /** `closed`: how many connections the server closed. */
    readonly result: LoadResult & { readonly closed: number };
  };
  /**
   * In each round, this many clients start something and never finish it: a head, a body, or reading an
   * answer.
   */
  readonly hostile: {
    readonly options: { readonly host: string; readonly port: number; readonly clients: number };
    readonly result: { readonly connections: number };
  };
  /** Read to its end when its result is requested. */
  readonly download: {
    readonly options: { readonly url: string; readonly bytes: number; readonly seed: number };
    readonly result: Transfer;
  };
  /** The second half is sent, with pauses, when its result is requested. */
  readonly upload: {
    readonly options: {
      readonly url: string;
      readonly bytes: number;
      readonly seed: number;
      readonly pause: number;
    };
    readonly result: Transfer;
  };
  /** Several loads in one process, with their results in the same order. */
  readonly together: {
    readonly options: { readonly loads: readonly OneLoad[] };
    readonly result: { readonly results: readonly LoadResult[] };
  };
}

/** A load that counts requests, with its options. */
export type OneLoad = {
  [Kind in "busy" | "thinking" | "webSockets"]: [kind: Kind, options: Loads[Kind]["options"]];
}["busy" | "thinking" | "webSockets"];

export interface Transfer {
  /** The process that answered. */
  readonly pid: number;
  readonly got: Bytes;
  readonly expected: Bytes;
}

export interface Bytes {
  readonly bytes: number;
  readonly sha256: string;
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

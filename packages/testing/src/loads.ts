/** The results of the requests of a load: each was answered, or failed for one reason. */
export interface LoadResult {
  /** How many requests were sent. */
  readonly sent: number;
  /** How many were answered. */
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
  /** How long it took. */
  readonly seconds: number;
  /** How many requests were answered in it. */
  readonly answered: number;
  /** The longest time of a request, including its connection, in milliseconds. */
  readonly longest: number;
  /** The processes that answered, from the header `x-pid`. */
  readonly pids: readonly number[];
}

/** A request of a load. */
export interface AppRequest {
  /** Its method, such as `GET`. */
  readonly method: string;
  /** Its path, with a query if it has one. */
  readonly path: string;
  /** Headers of its own; none by default. */
  readonly headers?: Record<string, string> | undefined;
  /** Its body; none by default. */
  readonly body?: string | undefined;
}

/** The requests for an app without the routes of load-app.mjs. The clients take turns with them. */
export interface AskedFor {
  /** By default, those of load-app.mjs. */
  readonly requests?: readonly AppRequest[] | undefined;
  /** The status of each answer. The default is `200`. */
  readonly status?: number | undefined;
  /** A regular expression that the body of each answer matches; any body by default. */
  readonly answer?: string | undefined;
}

/** Where the clients of a load connect to. */
export interface LoadAddress {
  /** The host or IP address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

/** What the clients of a load have in common. */
export interface LoadClients {
  /** How many there are. */
  readonly clients: number;
  /** The start of the random numbers, so that each run has the same pauses. */
  readonly seed: number;
  /** Seconds until a request or a message fails. By default, it never does. */
  readonly timeout?: number | undefined;
}

/** Options of the load `busy`. */
export interface BusyOptions extends AskedFor {
  /** The address of the app. For a unix socket, the host does not matter: `http://localhost`. */
  readonly url: string;
  /** A unix socket to connect to instead of the host. */
  readonly socketPath?: string | undefined;
  /** How many clients there are. */
  readonly connections: number;
  /** Whether a client uses its connection again. */
  readonly keepAlive: boolean;
  /** Seconds until a request fails. The default is 60. */
  readonly timeout?: number | undefined;
}

/** Options of the load `thinking`. */
export interface ThinkingOptions extends LoadAddress, LoadClients, AskedFor {
  /** Whether a client uses its connection again. */
  readonly keepAlive: boolean;
  /** The longest pause between two requests, in milliseconds. */
  readonly think: number;
  /** How long each packet travels, in milliseconds. */
  readonly away: number;
  /** A unix socket to connect to instead of the host and port. */
  readonly socketPath?: string | undefined;
  /** Whether the clients use TLS. They accept any certificate. By default, they don't. */
  readonly secure?: boolean | undefined;
}

/** The result of the load `thinking`. */
export interface ThinkingResult extends LoadResult {
  /** How many TLS connections began with a full handshake. */
  readonly fullHandshakes: number;
  /** How many TLS connections resumed a session. */
  readonly resumptions: number;
}

/** Options of the load `browsers`. */
export interface BrowsersOptions extends LoadAddress {
  /** How many new clients there are each second. */
  readonly perSecond: number;
}

/** The result of the load `browsers`. */
export interface BrowsersResult extends LoadResult {
  /** The median of the times from `connect()` to the end of the answer, in milliseconds. */
  readonly median: number;
  /**
   * The longest time for which the load process itself did not run, in milliseconds. It distinguishes a busy
   * machine from a slow server.
   */
  readonly stalled: number;
}

/** Options of the load `webSockets`. */
export interface WebSocketsOptions extends LoadClients {
  /** The address of the app. For `https:`, any certificate is accepted. */
  readonly url: string;
  /** The longest pause between two messages, in milliseconds, in addition to `atLeast`. */
  readonly think: number;
  /** The shortest pause, in milliseconds. The default is `0`. */
  readonly atLeast?: number | undefined;
}

/** The result of the load `webSockets`. */
export interface WebSocketsResult extends LoadResult {
  /** How many connections were closed with which code; 1006 for none. */
  readonly closed: Record<string, number>;
  /** Messages that crossed a close frame and were sent again. */
  readonly crossed: number;
}

/** Options of the load `idle`. */
export interface IdleOptions extends LoadAddress {
  /** How many connections there are. */
  readonly clients: number;
  /** Seconds until a request fails. */
  readonly timeout: number;
}

/** The result of the load `idle`. */
export interface IdleResult extends LoadResult {
  /** How many connections the server closed. */
  readonly closed: number;
}

/** Options of the load `hostile`. */
export interface HostileOptions extends LoadAddress {
  /** How many clients there are in each round. */
  readonly clients: number;
}

/** The result of the load `hostile`. */
export interface HostileResult {
  /** How many connections it has opened. */
  readonly connections: number;
}

/** Options of the load `download`. */
export interface DownloadOptions {
  /** The address of the app. */
  readonly url: string;
  /** How many bytes the answer has. */
  readonly bytes: number;
  /** The start of the random bytes. */
  readonly seed: number;
}

/** Options of the load `upload`. */
export interface UploadOptions extends DownloadOptions {
  /** How long to pause between two parts, in milliseconds. */
  readonly pause: number;
}

/** Options of the load `together`. */
export interface TogetherOptions {
  /** The loads. */
  readonly loads: readonly OneLoad[];
}

/** The result of the load `together`. */
export interface TogetherResult {
  /** The results, in the order of the loads. */
  readonly results: readonly LoadResult[];
}

/** The options of a kind of load, and its result. */
export interface LoadKind<Options, Result> {
  /** What {@link Load.start} takes. */
  readonly options: Options;
  /** What {@link Load.result} returns. */
  readonly result: Result;
}

/** Each kind of load, with its options and its result. */
export interface Loads {
  /**
   * Clients of autocannon that always have a request in progress. After a failed request, a client sends the
   * next one at once, and its wait continues until it has an answer.
   */
  readonly busy: LoadKind<BusyOptions, LoadResult>;
  /** Clients that pause between requests. */
  readonly thinking: LoadKind<ThinkingOptions, ThinkingResult>;
  /** New clients. Each gets one answer, then leaves its connection idle until the server closes it. */
  readonly browsers: LoadKind<BrowsersOptions, BrowsersResult>;
  /** Clients that each send a message, get its echo, and pause. */
  readonly webSockets: LoadKind<WebSocketsOptions, WebSocketsResult>;
  /** Connections that stay open and idle, with one request each at the start and in each round. */
  readonly idle: LoadKind<IdleOptions, IdleResult>;
  /**
   * In each round, clients start something and never finish it: a head, a body, or reading an answer.
   */
  readonly hostile: LoadKind<HostileOptions, HostileResult>;
  /** An answer that is read to its end when the result is requested. */
  readonly download: LoadKind<DownloadOptions, Transfer>;
  /** A body whose second half is sent, with pauses, when the result is requested. */
  readonly upload: LoadKind<UploadOptions, Transfer>;
  /** Several loads in one process. */
  readonly together: LoadKind<TogetherOptions, TogetherResult>;
}

/** A load that counts requests, with its options. */
export type OneLoad = {
  [Kind in "busy" | "thinking" | "webSockets"]: [kind: Kind, options: Loads[Kind]["options"]];
}["busy" | "thinking" | "webSockets"];

/** The result of the loads `download` and `upload`. */
export interface Transfer {
  /** The process that answered. */
  readonly pid: number;
  /** What has arrived. */
  readonly got: Bytes;
  /** What was sent. */
  readonly expected: Bytes;
}

/** Bytes that were sent or received. */
export interface Bytes {
  /** How many. */
  readonly bytes: number;
  /** Their SHA-256, in hexadecimal digits. */
  readonly sha256: string;
}

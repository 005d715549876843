import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { CliError, EXIT } from "../shared/cli-error.ts";

/** Where Prometheus' exporter of OpenTelemetry listens too. */
export const PORT = 9464;

/** Times in milliseconds. */
export const LIMITS = {
  /** For how long a request gets the values of an earlier one. It limits what a client can cost. */
  fresh: 250,
  /** After this time, a request is answered without values: Prometheus waits for 10 s. */
  late: 8_000,
  /** After this time, a connection is closed, whatever its client does. */
  connection: 20_000,
};

/** With one more, an old one is closed. */
const MOST_CONNECTIONS = 64;

const TEXT = "text/plain; charset=utf-8";
const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";

const INDEX = "The metrics are at /metrics\n";

/** What a request is answered. */
interface Answer {
  status: number;
  type: string;
  body: Buffer;
  /** The compressed body, once a client has asked for it. */
  gzip?: Buffer;
}

/**
 * The HTTP server of the metrics. `/metrics` has them in the text format of Prometheus. `/` says so, if they
 * can be read. If they can't, both answer 503 with a code and a hint.
 *
 * @param readText reads the metrics in the text format of Prometheus
 * @param onError is called with an error that differs from the one before
 */
export function createEndpoint(
  readText: () => Promise<string>,
  onError: (error: CliError) => void,
  limits = LIMITS,
): Server {
  const metrics = shared(readText, onError, limits.fresh);
  /** The connections, the oldest one first, and whether they have sent a request. */
  const open = new Map<Socket, boolean>();
  const server = createServer((request, response) => {
    open.set(request.socket, true);
    void answerTo(request, metrics, limits.late).then((answer) => send(request, response, answer));
  });
  // Each answer ends its connection, so that an idle client does not keep this process awake.
  server.maxRequestsPerSocket = 1;
  server.headersTimeout = server.requestTimeout = limits.late;
  server.on("connection", (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), limits.connection);
    // Refused instead, clients that say nothing would lock out those that do.
    if (open.size >= MOST_CONNECTIONS) oldest(open)?.destroy();
    open.set(socket, false);
    socket.once("close", () => {
      clearTimeout(timer);
      open.delete(socket);
    });
  });
  return server;
}

/** The oldest connection that has sent no request, or else the oldest one. */
function oldest(open: ReadonlyMap<Socket, boolean>): Socket | undefined {
  const alive = [...open].filter(([socket]) => !socket.destroyed);
  return (alive.find(([, hasAsked]) => !hasAsked) ?? alive[0])?.[0];
}

/** Returns a function that reads the values at most once in this time, however many requests there are. */
function shared(
  readText: () => Promise<string>,
  onError: (error: CliError) => void,
  fresh: number,
): () => Promise<Answer> {
  let current: Promise<Answer> | undefined;
  let lastError = "";
  const read = async (): Promise<Answer> => {
    try {
      const body = Buffer.from(await readText());
      lastError = "";
      return { status: 200, type: EXPOSITION, body };
    } catch (cause) {
      const error = cause instanceof CliError ? cause : unexpected(cause);
      if (error.message !== lastError) onError(error);
      lastError = error.message;
      return failure(error);
    }
  };
  return () => {
    if (current === undefined) {
      current = read();
      // From the end: on a machine that is too slow, half of the time is left for others.
      void current.finally(() => setTimeout(() => (current = undefined), fresh));
    }
    return current;
  };
}

async function answerTo(
  { method = "", url = "" }: IncomingMessage,
  metrics: () => Promise<Answer>,
  late: number,
): Promise<Answer> {
  // RFC 9112, 3.2.2: a server accepts a whole URL too.
  const path = url.replace(/^https?:\/\/[^/?]*/i, "").split("?", 1)[0] || "/";
  if (path !== "/metrics" && path !== "/") return text(404, "The metrics are at /metrics\n");
  if (method !== "GET" && method !== "HEAD") return text(405, "Use GET\n");
  const answer = await inTime(metrics(), late);
  return path === "/" && answer.status === 200 ? text(200, INDEX) : answer;
}

async function inTime(answer: Promise<Answer>, limit: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve(failure(lateError(limit))), limit);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, type, body } = answer;
  const isCompressed = status === 200 && acceptsGzip(request);
  const content = isCompressed ? (answer.gzip ??= gzipSync(body, { level: 1 })) : body;
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": content.length,
    ...(isCompressed && { "Content-Encoding": "gzip" }),
    ...(status === 405 && { Allow: "GET, HEAD" }),
    Vary: "Accept-Encoding",
    Connection: "close",
  });
  response.end(content);
}

/** RFC 9110, 12.5.3: a weight of zero means "not acceptable". */
const acceptsGzip = ({ headers }: IncomingMessage): boolean =>
  /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)/i.test(
    String(headers["accept-encoding"]),
  );

const text = (status: number, body: string): Answer => ({ status, type: TEXT, body: Buffer.from(body) });

const failure = ({ code, message, hint }: CliError): Answer => text(503, `${code}: ${message}\n${hint}\n`);

const unexpected = (cause: unknown): CliError =>
  new CliError(
    "SOCKACT_ERR_METRICS",
    `the metrics could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    "The journal of sockact-metrics.service may say more.",
    { exitCode: EXIT.failed, cause },
  );

const lateError = (limit: number): CliError =>
  new CliError(
    "SOCKACT_ERR_METRICS",
    `the metrics could not be read in ${limit / 1000} s`,
    "The machine is very busy, or systemd does not answer: systemctl status",
    { exitCode: EXIT.failed },
  );

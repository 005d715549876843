import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse, Http2Session, ServerHttp2Stream } from "node:http2";
import type { Server } from "node:net";
import { prepareLastResponse } from "../draining/last-responses.ts";
import { isProbeCarrier, noteProbe, noteRequest } from "../draining/probes.ts";
import type { App } from "../lifecycle/app.ts";
import { askForHealth, checkHealth } from "../lifecycle/health.ts";
import { mayFallAsleep, mayFallAsleepLater } from "../lifecycle/idle.ts";
import { isHttpServer } from "../shared/node-internals.ts";
import { processState } from "../shared/process-state.ts";

type Request = IncomingMessage | Http2ServerRequest;
type Response = (ServerResponse | Http2ServerResponse) & NodeJS.WritableStream;

const answering = processState("probes", { servers: new WeakSet<Server>() });

/**
 * Answers requests for the path of the option `health`. The server's own listeners do not see these requests. Has
 * no effect on a server that does not speak HTTP. See decisions/028-health.md.
 */
export function answerProbes(server: Server, app: App): void {
  const { health } = app.settings;
  if (health === false || !isHttpServer(server) || answering.servers.has(server)) return;
  answering.servers.add(server);
  server.on("listening", () => server.once("close", askForHealth(app)));
  const isProbe = (method: unknown, target: unknown): boolean => {
    if ((method !== "GET" && method !== "HEAD") || typeof target !== "string") return false;
    // A server must also accept a URL as the request target (RFC 9112, section 3.2.2).
    const path = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?]*/i, "");
    return path.startsWith(health) && (path.length === health.length || path[health.length] === "?");
  };
  const emit = server.emit as (this: Server, event: string, ...args: unknown[]) => boolean;
  // Patches emit of this server.
  server.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
    switch (event) {
      case "request":
      case "checkContinue":
      case "checkExpectation": {
        const [request, response] = args as [Request, Response];
        if (isProbe(request.method, request.url)) {
          void answerRequest(this, request, response);
          return true;
        }
        if (mayFallAsleepLater()) noteRequest(carrierOf(request));
        break;
      }
      // HTTP/2: emitted before Node makes a `request` of the stream.
      case "stream": {
        const [stream, headers] = args as [ServerHttp2Stream, Record<string, unknown>];
        if (isProbe(headers[":method"], headers[":path"])) {
          void answerStream(stream, headers[":method"] === "HEAD");
          return true;
        }
        if (mayFallAsleepLater()) noteRequest(stream.session ?? stream);
        break;
      }
      case "upgrade":
      case "connect":
        if (mayFallAsleepLater()) noteRequest(carrierOf(args[0] as Request));
    }
    return emit.call(this, event, ...args);
  } as typeof server.emit;
}

/** The connection of a request, or its HTTP/2 session. Requests that a library creates may have neither. */
function carrierOf(request: Request): object {
  const carrier: object | undefined = "stream" in request ? request.stream.session : request.socket;
  return carrier ?? request;
}

async function answerRequest(server: Server, request: Request, response: Response): Promise<void> {
  const carrier = carrierOf(request);
  noteProbe(carrier);
  const isHttp2 = "stream" in request;
  if (!isHttp2) prepareLastResponse(server, request, response as ServerResponse);
  const [status, headers, body] = await answer();
  if (!isHttp2 && mayFallAsleep()) headers["Connection"] = "close";
  response.writeHead(status, headers);
  response.end(body);
  if (isHttp2) endIfIdle(carrier as Http2Session);
}

async function answerStream(stream: ServerHttp2Stream, isHead: boolean): Promise<void> {
  const { session } = stream;
  if (session) noteProbe(session);
  // The client may have disconnected. The app does not need this error.
  stream.on("error", () => {});
  stream.resume();
  const [status, headers, body] = await answer();
  if (stream.destroyed) return;
  stream.respond({ ":status": status, ...headers }, { endStream: isHead });
  if (!isHead) stream.end(body);
  if (session) endIfIdle(session);
}

async function answer(): Promise<[status: number, headers: Record<string, string>, body: string]> {
  const { healthy, state } = await checkHealth();
  const headers = {
    "Content-Type": "text/plain",
    "Content-Length": String(state.length),
    "Cache-Control": "no-store",
  };
  return [healthy ? 200 : 503, headers, state];
}

/**
 * Closes a connection that is only used for probes after each of them, because an open connection keeps the
 * app awake.
 */
function endIfIdle(session: Http2Session): void {
  if (mayFallAsleep() && isProbeCarrier(session)) session.close();
}

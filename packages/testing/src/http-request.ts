import { once } from "node:events";
import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from "node:http";
import { DEADLINE } from "./app-process.ts";
import { createConnection, Socket } from "node:net";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { ListenAddress } from "./raw-sockets.ts";
import { rawSocket } from "./raw-sockets.ts";

/** The answer to a request. */
export interface HttpAnswer {
  /** The status code. */
  readonly status: number;
  /** The headers, with lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** The whole body, as text. */
  readonly body: string;
  /** The body, parsed as JSON. */
  json<T = unknown>(): T;
}

/** Connects to an address of systemd.socket(5). */
export function openConnection(address: ListenAddress): Socket {
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(address) ?? [];
  if (host !== undefined) return createConnection({ host, port: Number(port) });
  // Node 20 pads the name of an abstract socket with zeros, which changes the name.
  if (address.startsWith("@"))
    return new Socket({ fd: rawSocket("unix", "stream", { connectedTo: address }) });
  return createConnection({ path: address });
}

/** What a request has. */
export interface RequestOptions {
  /** Its method. The default is `GET`. */
  readonly method?: string | undefined;
  /** Headers of its own; none by default. */
  readonly headers?: Record<string, string> | undefined;
  /** Its body; none by default. */
  readonly body?: string | undefined;
}

/** Makes one request on a new connection. */
export async function httpRequest(
  address: ListenAddress,
  path = "/",
  { method = "GET", headers = {}, body = "" }: RequestOptions = {},
): Promise<HttpAnswer> {
  const sent = openRequest(address, path, { method, headers });
  sent.end(body);
  return readAnswer(sent);
}

/** One agent for each connection, because an agent reuses its sockets. */
const agents = new WeakMap<Socket, Agent>();

/** Makes a request over a connection that stays open until the server closes it. */
export async function requestOver(connection: Socket, path = "/"): Promise<HttpAnswer> {
  let agent = agents.get(connection);
  if (agent === undefined) {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    Object.assign(agent, { createConnection: () => connection });
    agents.set(connection, agent);
  }
  const sent = request({ path, agent, signal: AbortSignal.timeout(DEADLINE) });
  sent.end();
  const answer = await readAnswer(sent);
  // The agent reuses the connection a moment after the end of the answer.
  await turnOfTheLoop();
  return answer;
}

/**
 * Sends the head of a request and leaves its body open, for tests of the time between connection and answer.
 */
export function openRequest(
  address: ListenAddress,
  path = "/",
  { method = "GET", headers = {} }: Omit<RequestOptions, "body"> = {},
): ClientRequest {
  return request({
    path,
    method,
    headers,
    createConnection: () => openConnection(address),
    signal: AbortSignal.timeout(DEADLINE),
  });
}

/** Waits for the whole answer. */
export async function readAnswer(sent: ClientRequest): Promise<HttpAnswer> {
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = (await response.setEncoding("utf8").toArray()).join("");
  return {
    status: response.statusCode as number,
    headers: response.headers,
    body,
    json: <T>() => JSON.parse(body) as T,
  };
}

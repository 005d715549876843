import http from "node:http";
import https from "node:https";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { deadline } from "../shared/deadline.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { type ListenAddress, readListen } from "../systemd/listen-property.ts";

/** The content of an answer. */
export interface Page {
  headers: Record<string, string>;
  /** The beginning of the body. */
  body: string;
}

/** The answer to a request. */
export type Answer =
  | {
      outcome: "http";
      /** The address of the request as text: `http://localhost:3000/`, or a path. */
      url: string;
      status: number;
      text: string;
      location?: string | undefined;
      /**
       * From the request to the response header, in milliseconds. The service may have started in that time.
       */
      milliseconds: number;
      /** If requested. */
      page?: Page | undefined;
    }
  /** It answers, but not with HTTP. */
  | { outcome: "other"; url: string; milliseconds: number }
  /** It answers, but the service has not told systemd that it is ready. */
  | { outcome: "unready"; url: string; reason: string }
  /** It requires a PROXY header, and does not accept one from this machine. */
  | { outcome: "proxy"; url: string }
  /** Nothing can be requested: UDP, an abstract socket, or an address for virtual machines. */
  | { outcome: "unasked"; url: string }
  | { outcome: "silent"; url: string; reason: string };

/** The addresses of the socket units. */
export async function listeningAddresses(
  manager: ServiceManager,
  sockets: readonly string[],
): Promise<ListenAddress[]> {
  const shown = await manager.show(sockets, ["Listen"]);
  return shown.flatMap(({ Listen }) => readListen(Listen));
}

/** Where to connect, and how to display it. */
interface Target {
  url: string;
  secureUrl: string;
  connect: { host: string; port: number } | { socketPath: string };
}

/** The address for a client on this machine. A socket may listen on every address. */
function targetOf({ address, type }: ListenAddress): Target | undefined {
  // Node 20 pads the name of an abstract socket with zeros, so it does not find the socket.
  if (type !== "Stream" || address.startsWith("@")) return undefined;
  if (address.startsWith("/")) return { url: address, secureUrl: address, connect: { socketPath: address } };
  const [, host, digits] = /^(?:vsock:.*|(.*):(\d+))$/.exec(address) ?? [];
  if (host === undefined || digits === undefined) return undefined;
  const bare = host.replace(/^\[|\]$/g, "");
  const reached = { "::": "localhost", "0.0.0.0": "127.0.0.1" }[bare] ?? bare;
  const port = Number(digits);
  const shown = reached.includes(":") ? `[${reached}]` : reached;
  return {
    url: `http://${shown}${port === 80 ? "" : `:${port}`}/`,
    secureUrl: `https://${shown}${port === 443 ? "" : `:${port}`}/`,
    connect: { host: reached, port },
  };
}

interface Head {
  status: number;
  text: string;
  location: string | undefined;
  page?: Page | undefined;
}

/** How much of a body to read, in bytes, and for how long, in milliseconds: an event stream does not end. */
const [MOST_BODY, BODY_LIMIT] = [65_536, 2_000];

async function pageOf(response: http.IncomingMessage): Promise<Page> {
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => response.destroy(), BODY_LIMIT);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if ((size += chunk.length) >= MOST_BODY) break;
    }
  } catch {
    // The part that has arrived is compared.
  } finally {
    clearTimeout(timer);
  }
  return { headers, body: Buffer.concat(chunks).toString("latin1", 0, MOST_BODY) };
}

/** What to send, and what to read. */
export interface RequestOptions {
  /** Whether to send a PROXY header first. */
  withHeader?: boolean | undefined;
  /** The host name. */
  host?: string | undefined;
  /** Whether to read the page too. */
  withPage?: boolean | undefined;
}

/** The PROXY header of a client that is not a proxy: section 2.1 of the specification. */
const ownHeader = "PROXY UNKNOWN\r\n";

/** A connection with a PROXY header. */
function connectByHeader(target: Target, isSecure: boolean): Socket {
  const { connect: to } = target;
  const socket = connect("socketPath" in to ? { path: to.socketPath } : to);
  socket.write(ownHeader);
  // An answer counts even if the certificate is not trusted.
  return isSecure ? connectTls({ socket, rejectUnauthorized: false }) : socket;
}

function requestBy(
  { request }: typeof http | typeof https,
  target: Target,
  signal: AbortSignal,
  { host = "localhost", withHeader = false, withPage = false }: RequestOptions,
): Promise<Head> {
  return new Promise((resolve, reject) => {
    const headers = { host, "user-agent": "sockact", connection: "close" };
    // An answer counts even if the certificate is not trusted.
    const options = {
      ...target.connect,
      headers,
      signal,
      agent: false,
      rejectUnauthorized: false,
      path: "/",
      // An agent would ignore createConnection.
      ...(withHeader && {
        agent: undefined,
        createConnection: () => connectByHeader(target, request === https.request),
      }),
    };
    request(options, (response) => {
      response.on("error", () => {});
      const head = {
        status: response.statusCode ?? 0,
        text: response.statusMessage ?? "",
        location: response.headers.location,
      };
      if (withPage) {
        void pageOf(response).then((page) => resolve({ ...head, page }));
        return;
      }
      // Only the header is needed: an event stream does not end.
      response.destroy();
      resolve(head);
    })
      .on("error", reject)
      .end();
  });
}

/** Whether the server may expect TLS: it closed the connection, or the answer is not HTTP. */
const mayBeSecure = (error: unknown): boolean => {
  const { code = "" } = error as NodeJS.ErrnoException;
  return code === "ECONNRESET" || code === "EPIPE" || code.startsWith("HPE_");
};

/** The reason for a connection that was closed at once. */
export const CLOSED = "the connection was closed without an answer";

/**
 * Sends a request, which starts a sleeping service. Rejects only if the signal is aborted for a reason other
 * than the deadline.
 */
export async function firstRequest(
  address: ListenAddress,
  signal: AbortSignal,
  options: RequestOptions = {},
): Promise<Answer> {
  const target = targetOf(address);
  if (target === undefined) return { outcome: "unasked", url: address.address };
  const start = process.hrtime.bigint();
  const elapsed = () => Math.round(Number(process.hrtime.bigint() - start) / 1e6);
  const answered = (url: string, head: Head): Answer => ({
    outcome: "http",
    url,
    ...head,
    milliseconds: elapsed(),
  });
  try {
    return answered(target.url, await requestBy(http, target, signal, options));
  } catch (error) {
    if (!mayBeSecure(error)) return { outcome: "silent", url: target.url, reason: (error as Error).message };
    const milliseconds = elapsed();
    try {
      const head = await requestBy(https, target, signal, options);
      return answered(target.secureUrl, head);
    } catch {
      return (error as NodeJS.ErrnoException).code?.startsWith("HPE_") === true
        ? { outcome: "other", url: target.url, milliseconds }
        : { outcome: "silent", url: target.url, reason: CLOSED };
    }
  }
}

/**
 * Sends a request for a host name to the proxy of this machine. If that redirects to HTTPS, the answer is the
 * one by HTTPS, unless the proxy has no certificate yet.
 */
export async function requestForHost(host: string, signal: AbortSignal): Promise<Answer> {
  const [url, secureUrl] = [`http://${host}/`, `https://${host}/`];
  const at = (port: number): Target => ({ url, secureUrl, connect: { host: "127.0.0.1", port } });
  const start = Date.now();
  try {
    const head = await requestBy(http, at(80), signal, { host });
    const answer = { outcome: "http", url, ...head, milliseconds: Date.now() - start } as const;
    if (head.location !== secureUrl) return answer;
    const secure = await secureRequest(at(443), host, signal);
    return secure === undefined
      ? answer
      : { outcome: "http", url: secureUrl, ...secure, milliseconds: Date.now() - start };
  } catch (error) {
    return {
      outcome: "silent",
      url,
      reason: `the proxy does not answer on port 80: ${(error as Error).message}`,
    };
  }
}

/** How long to wait for the certificate of a new host, in milliseconds, and between two requests. */
const [CERTIFICATE_LIMIT, PAUSE] = [5_000, 100];

/** The answer by HTTPS. Caddy gets a certificate after it has read the site, and refuses clients until then. */
async function secureRequest(target: Target, host: string, signal: AbortSignal): Promise<Head | undefined> {
  const limit = deadline(CERTIFICATE_LIMIT, signal);
  while (!limit.aborted) {
    try {
      return await requestBy(https, target, limit, { host });
    } catch {
      await delay(PAUSE, undefined, { signal: limit }).catch(() => {});
    }
  }
  return undefined;
}

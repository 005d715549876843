import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { agoText } from "../output/quantities.ts";
import { textOrEmpty } from "../shared/read-file.ts";
import { untilOf, validityOf } from "../shared/x509.ts";
import { type ListeningSocket, listeningSocketsIn } from "../systemd/listening-sockets.ts";
import type { Proxy } from "./proxy.ts";

/** What a browser gets that opens `https://` and a host name, as JSON. */
export interface HostCertificate {
  /**
   * - `valid`: the proxy serves a certificate for the host name
   * - `expires`: it is valid, but should have been renewed already
   * - `expired`: it is no longer valid
   * - `other-host`: it is not for this host name
   * - `missing`: the proxy has none, and ends the TLS handshake
   * - `http-only`: the site has no HTTPS
   * - `unknown`: nothing listens on port 443, or nothing answered there
   */
  state: "valid" | "expires" | "expired" | "other-host" | "missing" | "http-only" | "unknown";
  /** Who has issued it, such as `Let's Encrypt`. */
  issuer: string | null;
  /** Until when it is valid, as ISO 8601. */
  until: string | null;
}

/** The same for a host name, and more than JSON should have. */
export interface ServedCertificate extends HostCertificate {
  host: string;
  certificate?: X509Certificate;
  /** Why nothing is known about it, as a clause. */
  why?: string;
}

/** How long the proxy may take to answer, in milliseconds. It runs on this machine. */
const LIMIT = 2_000;

/**
 * Looks at the certificates that this machine's proxy serves, by a TLS handshake for each host name. This shows
 * what visitors get, wherever the proxy keeps its certificates, and needs no root. No request follows, so no app
 * wakes.
 */
export async function servedCertificates(
  { hosts, file, proxy }: { hosts: readonly string[]; file: string; proxy: Proxy },
  now = Date.now(),
): Promise<ServedCertificate[]> {
  const address = addressOf(listeningSocketsIn(), 443);
  const secured = proxy.secured(textOrEmpty(file), hosts);
  return Promise.all(
    hosts.map(async (host): Promise<ServedCertificate> => {
      const none = { host, issuer: null, until: null };
      if (!secured.includes(host)) return { ...none, state: "http-only" };
      if (address === undefined)
        return { ...none, state: "unknown", why: "no program listens on port 443 of this machine" };
      const found = await handshake(host, address);
      return found instanceof Error
        ? { ...none, ...refusal(found) }
        : { host, ...judged(found, host, now), certificate: found };
    }),
  );
}

/** What JSON has of it. */
export const asJson = ({ state, issuer, until }: ServedCertificate): HostCertificate => ({
  state,
  issuer,
  until,
});

/** The certificate in a few words: `62 d, Let's Encrypt`. */
export function certificateText({ state, issuer, until }: HostCertificate, now = new Date()): string {
  switch (state) {
    case "valid":
    case "expires":
      return `${agoText(now, new Date(until!))}, ${issuer}`;
    case "expired":
      return `expired ${agoText(new Date(until!), now)} ago`;
    case "other-host":
      return "of another host";
    case "http-only":
      return "none, HTTP only";
    case "missing":
      return "none yet";
    case "unknown":
      return "?";
  }
}

/** The address of this machine at which a port can be reached. */
function addressOf(sockets: readonly ListeningSocket[], port: number): string | undefined {
  const hosts = sockets.flatMap(({ protocol, address }) =>
    protocol === "tcp" && address.endsWith(`:${port}`) ? [address.slice(0, -`:${port}`.length)] : [],
  );
  if (hosts.includes("0.0.0.0")) return "127.0.0.1";
  if (hosts.includes("[::]")) return "::1";
  return hosts[0]?.replaceAll(/[[\]]/g, "");
}

async function handshake(host: string, address: string): Promise<X509Certificate | Error> {
  // Most commands need no TLS.
  const { connect } = await import("node:tls");
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      host: address,
      port: 443,
      servername: host,
      // The certificate is judged here.
      rejectUnauthorized: false,
      timeout: LIMIT,
    });
    const end = (result: X509Certificate | Error) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const failed = (code: string, message: string) => end(Object.assign(new Error(message), { code }));
    // The socket's own timeout begins again with each byte.
    const timer = setTimeout(() => failed("ETIMEDOUT", `no answer within ${LIMIT / 1000} s`), LIMIT);
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) failed("ENOENT", "the server has sent none");
      else if (Number.isNaN(Date.parse(certificate.validFrom) + Date.parse(certificate.validTo)))
        failed("EINVAL", "the times in its certificate are not valid");
      else end(certificate);
    });
    socket.once("error", end);
    socket.once("close", () => failed("ECONNRESET", "the connection was closed"));
  });
}

/** With an alert of TLS, the proxy says that it has no certificate for this name. */
function refusal({ code = "", message }: NodeJS.ErrnoException): Pick<ServedCertificate, "state" | "why"> {
  const isAlert = /^ERR_SSL_(?:TLSV1_|SSLV3_|(?:SSL\/)?TLS)/.test(code);
  return { state: isAlert ? "missing" : "unknown", why: message };
}

function judged(
  certificate: X509Certificate,
  host: string,
  now: number,
): Pick<ServedCertificate, "state" | "issuer" | "until"> {
  const state = certificate.checkHost(host) === undefined ? "other-host" : validityOf(certificate, now);
  const nameIn = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(certificate.issuer)?.[1];
  return {
    state,
    // Caddy Local Authority - ECC Intermediate
    issuer: (nameIn("O") ?? nameIn("CN") ?? "an unknown issuer").replace(/ - .*/, ""),
    until: untilOf(certificate),
  };
}

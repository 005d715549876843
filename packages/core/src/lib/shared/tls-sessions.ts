import type { Server as TlsServer } from "node:tls";

/** What a process needs to resume the TLS sessions of another one. */
export interface TlsSessions {
  /** The keys of the session tickets, in Base64. */
  ticketKeys: string;
  /** The name of the server's sessions. OpenSSL resumes only a session with the same name. */
  context: string | undefined;
}

/** The parts of Node's tls.Server that have no public name. They were the same from Node 20 to 26. */
interface TlsInternals {
  sessionIdContext?: string;
  /** The option of `createServer()`. */
  ticketKeys?: Buffer;
  _sharedCreds?: { context?: { setSessionIdContext?(context: string): void } };
}

/**
 * The name that Node derives from the command line. It contains the path of the script, which changes with
 * the folder of a release.
 */
const DERIVED = /^[0-9a-f]{32}$/;

export function sessionsOf(server: TlsServer & TlsInternals): TlsSessions {
  return { ticketKeys: server.getTicketKeys().toString("base64"), context: server.sessionIdContext };
}

/**
 * Makes a server resume these sessions: RFC 8446, section 2.2. What the app itself has chosen stays, for
 * example ticket keys that several machines share.
 */
export function resumeSessions(server: TlsServer & TlsInternals, { ticketKeys, context }: TlsSessions): void {
  if (server.ticketKeys === undefined) server.setTicketKeys(Buffer.from(ticketKeys, "base64"));
  if (context === undefined || ![context, server.sessionIdContext].every((each) => DERIVED.test(each ?? "")))
    return;
  server.sessionIdContext = context;
  server._sharedCreds?.context?.setSessionIdContext?.(context);
}

import type { Server as TlsServer } from "node:tls";

/** What a process needs to resume another process's TLS sessions. */
export interface TlsSessions {
  /** The keys of the session tickets, in Base64. */
  ticketKeys: string;
  /** The session ID context of the server. OpenSSL resumes only sessions of the same context. */
  context: string | undefined;
}

/** The parts of tls.Server without a public name. They are the same from Node 20 to 26. */
interface TlsInternals {
  sessionIdContext?: string;
  /** The option of `createServer()`. */
  ticketKeys?: Buffer;
  _sharedCreds?: { context?: { setSessionIdContext?(context: string): void } };
}

/**
 * The session ID context that Node derives from the command line. It depends on the path of the script, which
 * changes with the folder of a release.
 */
const DERIVED = /^[0-9a-f]{32}$/;

export function sessionsOf(server: TlsServer & TlsInternals): TlsSessions {
  return { ticketKeys: server.getTicketKeys().toString("base64"), context: server.sessionIdContext };
}

/**
 * Makes a server resume these sessions: RFC 8446, section 2.2. The app's own settings are kept, for example
 * ticket keys that several machines share.
 */
export function resumeSessions(server: TlsServer & TlsInternals, { ticketKeys, context }: TlsSessions): void {
  if (server.ticketKeys === undefined) server.setTicketKeys(Buffer.from(ticketKeys, "base64"));
  if (context === undefined || ![context, server.sessionIdContext].every((each) => DERIVED.test(each ?? "")))
    return;
  server.sessionIdContext = context;
  server._sharedCreds?.context?.setSessionIdContext?.(context);
}

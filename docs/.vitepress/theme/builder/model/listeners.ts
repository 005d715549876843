import type { BuilderState, SocketState } from "./state.ts";

/** One address that the app listens on. */
export interface Listener {
  /** The address in the syntax of systemd.socket(5). */
  readonly address: string;
  readonly port?: number;
  /** If it is missing, the app listens on every address of the machine. */
  readonly host?: string;
  /** The path of a unix socket. For an abstract socket, the path begins with a NUL byte. */
  readonly path?: string;
  readonly tls: boolean;
}

/**
 * The addresses in a form field. `localhost` becomes two addresses, because systemd accepts no host names.
 */
export function addressesOf(text: string): string[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  return words.flatMap((word) => {
    const [, port] = /^localhost:(\d+)$/.exec(word) ?? [];
    return port === undefined ? [word] : [`127.0.0.1:${port}`, `[::1]:${port}`];
  });
}

/** Whether a socket is a file, and so has a mode, an owner and a group. */
export const isFile = ({ listen }: Pick<SocketState, "listen">): boolean =>
  addressesOf(listen).some((address) => address.startsWith("/"));

/** Reads an address that systemd accepts. */
export function listenerOf(address: string, tls: boolean): Listener {
  if (/^[/@]/.test(address)) return { address, path: address.replace(/^@/, "\0"), tls };
  const [, bracketed, plain, port = address] = /^(?:\[(.+)\]|(.+)):(\d+)(?:%\w+)?$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  return { address, port: Number(port), ...(host === undefined ? {} : { host }), tls };
}

/** Everything that the app or its proxy listens on. */
export function listenersOf({ sockets }: BuilderState): Listener[] {
  return sockets.flatMap(({ listen, tls }) => addressesOf(listen).map((address) => listenerOf(address, tls)));
}

/**
 * The names of the sockets. If there are several sockets, each needs a name. A socket without one gets the
 * name of its protocol.
 */
export function socketNames(sockets: readonly SocketState[]): (string | undefined)[] {
  const taken = new Set(sockets.map(({ name }) => name.trim()));
  return sockets.map(({ name, tls }) => {
    if (name.trim() !== "") return name.trim();
    if (sockets.length === 1) return undefined;
    const base = tls ? "https" : "http";
    let free = base;
    for (let number = 2; taken.has(free); number += 1) free = `${base}-${number}`;
    taken.add(free);
    return free;
  });
}

import { fstatSync } from "node:fs";
import type { Address } from "./address.ts";
import { bind, isAddressMissing } from "./bind.ts";
import type { Guard } from "./guard.ts";
import { prepareFile, removeFileAtEnd } from "./unix-socket-file.ts";

/** A socket that stays open for the lifetime of this process. */
export interface HeldSocket {
  fd: number;
  inode: number;
  /** `FileDescriptorName=` */
  name: string | undefined;
  /** Its address, for display. */
  address: string;
}

interface HeldSockets {
  sockets: HeldSocket[];
  /** The addresses for display, with the chosen port instead of port 0. */
  addresses: string[];
}

/** Binds a socket, or two for localhost, for each address. */
export async function holdSockets(
  addresses: readonly Address[],
  names: readonly string[],
  isDatagram: boolean,
  guard: Guard,
): Promise<HeldSockets> {
  const held = await Promise.allSettled(
    addresses.map(async (address, index) => {
      const { sockets, shown } = await holdAddress(address, isDatagram, guard);
      return {
        sockets: sockets.map((fd) => ({ fd, inode: inodeOf(fd), name: names[index], address: shown })),
        shown,
      };
    }),
  );
  for (const each of held) if (each.status === "rejected") throw each.reason;
  const all = held.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  return { sockets: all.flatMap(({ sockets }) => sockets), addresses: all.map(({ shown }) => shown) };
}

async function holdAddress(
  { text, targets: [first, second] }: Address,
  isDatagram: boolean,
  guard: Guard,
): Promise<{ sockets: number[]; shown: string }> {
  await prepareFile(first, guard);
  const { fd, port } = await bind(text, first, isDatagram);
  removeFileAtEnd(first, guard);
  const shown = addressWithPort(text, port);
  if (second === undefined) return { sockets: [fd], shown };
  const other = await bind(text, { ...second, port: port as number }, isDatagram).catch((error: unknown) => {
    if (isAddressMissing(error)) return undefined;
    throw error;
  });
  return { sockets: other === undefined ? [fd] : [fd, other.fd], shown };
}

/**
 * bigint, because of a bug in Node 20 and 22: after an fstat() with plain numbers, they use its result for
 * the next realpath().
 */
function inodeOf(fd: number): number {
  return Number(fstatSync(fd, { bigint: true }).ino);
}

/** The address for display. A port alone is displayed as in systemd-socket-activate(1). */
export function addressWithPort(text: string, port: number | undefined): string {
  if (port === undefined) return text;
  return /^\d+$/.test(text) ? `[::]:${port}` : text.replace(/\d+$/, String(port));
}

import { fstatSync } from "node:fs";
import type { Address } from "./address.ts";
import { bind, isAddressMissing } from "./bind.ts";
import type { Guard } from "./guard.ts";
import { prepareFile, removeFileAtEnd } from "./unix-socket-file.ts";

/** A socket that stays open for as long as this process lives. */
export interface HeldSocket {
  fd: number;
  inode: number;
  /** `FileDescriptorName=` */
  name: string | undefined;
  /** Where it listens, to show. */
  address: string;
}

interface HeldSockets {
  sockets: HeldSocket[];
  /** Where they listen, to show: port 0 is replaced by the port that was chosen. */
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

/** Node 20 and 22 keep plain numbers of a descriptor for the next realpath(), hence bigint. */
function inodeOf(fd: number): number {
  return Number(fstatSync(fd, { bigint: true }).ino);
}

/** The address as it is shown. A port alone is written as systemd-socket-activate(1) does. */
export function addressWithPort(text: string, port: number | undefined): string {
  if (port === undefined) return text;
  return /^\d+$/.test(text) ? `[::]:${port}` : text.replace(/\d+$/, String(port));
}

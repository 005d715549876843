import { readListen } from "../systemd/listen-property.ts";

/** An address of a socket unit. */
export interface Address {
  /** As in systemd: `[::]:80`, `127.0.0.1:80`, `/run/shop.sock`, `@shop`, `vsock:2:80`. */
  address: string;
  type: "stream" | "datagram" | "sequential-packet" | "fifo" | "netlink" | "other";
}

const types: Record<string, Address["type"]> = {
  Stream: "stream",
  Datagram: "datagram",
  SequentialPacket: "sequential-packet",
  FIFO: "fifo",
  Netlink: "netlink",
};

/** Parses the property `Listen` of a socket unit. */
export function readAddresses(listen: string): Address[] {
  return readListen(listen).map(({ address, type }) => ({ address, type: types[type] ?? "other" }));
}

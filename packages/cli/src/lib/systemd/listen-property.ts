/** An address of a socket unit. */
export interface ListenAddress {
  /** As in systemd: `[::]:80`, `127.0.0.1:80`, `/run/shop.sock`, `@shop`, `vsock:2:80`. */
  address: string;
  /** `Stream`, `Datagram`, `SequentialPacket`, `FIFO`, `Netlink` … */
  type: string;
}

/**
 * Parses the property `Listen` of a socket unit, with an address and its type on each line: `[::]:80
 * (Stream)`.
 */
export function readListen(listen: string): ListenAddress[] {
  return [...listen.matchAll(/^(.*) \((\w+)\)$/gm)].map(([, address = "", type = ""]) => ({ address, type }));
}

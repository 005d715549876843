import { crc32c } from "../src/lib/proxy-protocol/crc32c.ts";

/** The header of a client of the proxy, in version 1. */
export const line = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n";

export const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

export const FAMILY = {
  unspec: 0x00,
  tcp4: 0x11,
  udp4: 0x12,
  tcp6: 0x21,
  udp6: 0x22,
  unix: 0x31,
  unixDatagram: 0x32,
};

export interface Version2 {
  /** The fourth bit group is the version, and the last one the command. */
  command?: number;
  family?: number;
  addresses?: Buffer;
  tlvs?: readonly (readonly [type: number, value: Buffer | string])[];
  /** Whether a TLV has the checksum of the header. */
  checksum?: boolean;
}

const CHECKSUM = [0x03, Buffer.alloc(4)] as const;

/** A header of version 2, for the same client by default. */
export function binary({
  command = 0x21,
  family = FAMILY.tcp4,
  addresses = inet([192, 0, 2, 1], [198, 51, 100, 2], 56_324, 443),
  tlvs = [],
  checksum = false,
}: Version2 = {}): Buffer {
  const written = [...(checksum ? [CHECKSUM] : []), ...tlvs].map(([type, value]) => {
    const bytes = Buffer.from(value as string, "latin1");
    return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 0xff]), bytes]);
  });
  const rest = Buffer.concat([addresses, ...written]);
  const start = Buffer.from([command, family, rest.length >> 8, rest.length & 0xff]);
  const header = Buffer.concat([signature, start, rest]);
  if (checksum) header.writeUInt32BE(crc32c(header), 16 + addresses.length + 3);
  return header;
}

/** The addresses of IPv4 or IPv6, byte by byte. */
export function inet(
  source: readonly number[],
  destination: readonly number[],
  sourcePort: number,
  destinationPort: number,
): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(sourcePort);
  ports.writeUInt16BE(destinationPort, 2);
  return Buffer.concat([Buffer.from(source), Buffer.from(destination), ports]);
}

/** The addresses of a unix socket. */
export function unix(source: string, destination: string): Buffer {
  const path = (text: string): Buffer => Buffer.concat([Buffer.from(text)], 108);
  return Buffer.concat([path(source), path(destination)]);
}

/** 2001:db8::1 and 2001:db8::2, with the same ports. */
export const inet6 = inet(
  [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1],
  [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 2],
  56_324,
  443,
);

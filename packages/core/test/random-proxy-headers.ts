import fc from "fast-check";
import type { ProxyHeader } from "../src/lib/proxy-protocol/header.ts";
import { shortestForm } from "../src/lib/proxy-protocol/shortest-form.ts";
import { binary, FAMILY, inet, line, unix } from "./proxy-headers.ts";

/** A header as a proxy writes it, and what it says. */
export interface WrittenHeader {
  bytes: Buffer;
  header: ProxyHeader;
}

const port = fc.nat({ max: 65_535 });
const octets = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: 255 }), { minLength: length, maxLength: length });
const tlv = fc.tuple(
  fc.nat({ max: 255 }).filter((type) => type !== 0x03),
  fc.uint8Array({ maxLength: 400 }).map((value) => Buffer.from(value)),
);
/** A path, without bytes that end it, and without those that are not UTF-8. */
const path = fc.string({ unit: "grapheme-ascii", maxLength: 107 }).filter((text) => !text.startsWith("@"));

const groupsOf = (bytes: readonly number[]): string =>
  Array.from({ length: 8 }, (_, index) =>
    Buffer.from(bytes)
      .readUInt16BE(2 * index)
      .toString(16),
  ).join(":");

interface Ends {
  family: ProxyHeader["family"];
  version1: string;
  version2: { family: number; addresses: Buffer };
  source: ProxyHeader["source"];
  destination: ProxyHeader["destination"];
}

const ends: fc.Arbitrary<Ends> = fc.oneof(
  fc.tuple(octets(4), octets(4), port, port).map(([from, to, fromPort, toPort]) => ({
    family: "ipv4" as const,
    version1: `PROXY TCP4 ${from.join(".")} ${to.join(".")} ${fromPort} ${toPort}\r\n`,
    version2: { family: FAMILY.tcp4, addresses: inet(from, to, fromPort, toPort) },
    source: { address: from.join("."), port: fromPort },
    destination: { address: to.join("."), port: toPort },
  })),
  fc.tuple(octets(16), octets(16), port, port).map(([from, to, fromPort, toPort]) => ({
    family: "ipv6" as const,
    version1: `PROXY TCP6 ${groupsOf(from)} ${groupsOf(to)} ${fromPort} ${toPort}\r\n`,
    version2: { family: FAMILY.tcp6, addresses: inet(from, to, fromPort, toPort) },
    source: { address: shortestForm(groupsOf(from)), port: fromPort },
    destination: { address: shortestForm(groupsOf(to)), port: toPort },
  })),
  fc.tuple(path, path).map(([from, to]) => ({
    family: "unix" as const,
    version1: "PROXY UNKNOWN\r\n",
    version2: { family: FAMILY.unix, addresses: unix(from, to) },
    source: { address: from, port: undefined },
    destination: { address: to, port: undefined },
  })),
);

/** Any header that a proxy may write, of either version. */
export const anyHeader: fc.Arbitrary<WrittenHeader> = fc
  .record({ ends, isVersion1: fc.boolean(), tlvs: fc.array(tlv, { maxLength: 5 }), checksum: fc.boolean() })
  .map(({ ends: { family, version1, version2, source, destination }, isVersion1, tlvs, checksum }) => {
    if (isVersion1) {
      const said =
        family === "unix"
          ? { family: "unknown" as const, source: undefined, destination: undefined }
          : { family, source, destination };
      return { bytes: Buffer.from(version1), header: { version: 1, command: "proxy", ...said, tlvs: [] } };
    }
    const bytes = binary({ ...version2, tlvs, checksum });
    const first = 16 + version2.addresses.length + 3;
    const read = tlvs.map(([type, value]) => ({ type, value }));
    const all = checksum ? [{ type: 0x03, value: bytes.subarray(first, first + 4) }, ...read] : read;
    return { bytes, header: { version: 2, command: "proxy", family, source, destination, tlvs: all } };
  });

/** A header in which bytes were changed, added or removed. */
const damaged = fc
  .tuple(
    anyHeader,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom(0, 1, 2)), { maxLength: 4 }),
  )
  .map(([{ bytes }, changes]) => {
    const damagedBytes = [...bytes];
    for (const [at, byte, removed] of changes)
      damagedBytes.splice(at % damagedBytes.length, removed, ...(removed === 2 ? [] : [byte]));
    return Buffer.from(damagedBytes);
  });

/** A line of the parts of which such a line consists, in any order. */
const lines = fc
  .array(
    fc.constantFrom(
      "PROXY",
      " ",
      "TCP4",
      "TCP6",
      "UNKNOWN",
      "192.0.2.1",
      "::1",
      "0",
      "443",
      "65536",
      "\r",
      "\n",
      "\r\n",
      "\0",
    ),
    { maxLength: 24 },
  )
  .map((parts) => Buffer.from(`PROXY ${parts.join("")}`));

/**
 * Anything that a client may send: headers with and without damage, lines, and random bytes after the
 * beginning of a header.
 */
export const anyBytes: fc.Arbitrary<Buffer> = fc.oneof(
  damaged,
  lines,
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(
      fc.constantFrom(Buffer.from(line), binary()),
      fc.nat({ max: 60 }),
      fc.uint8Array({ maxLength: 300 }),
    )
    .map(([header, length, bytes]) => Buffer.concat([header.subarray(0, length), bytes])),
);

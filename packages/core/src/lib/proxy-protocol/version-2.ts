import { crc32c } from "./crc32c.ts";
import { headerError } from "./header-error.ts";
import type { ParsedHeader, ProxyAddress, ProxyHeader, ProxyTlv } from "./header.ts";
import { shortestForm } from "./shortest-form.ts";

/** The start of a header of version 2. */
export const SIGNATURE: Buffer = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** The bytes before the addresses. */
const START = 16;

/** The longest accepted header, in bytes: HAProxy's default. */
const LONGEST = 16_384;

/** The type of the TLV with a checksum of the header. */
const CHECKSUM = 0x03;

/** The length of each family's addresses and ports, in bytes. */
const SIZES = { unknown: 0, ipv4: 12, ipv6: 36, unix: 216 };

type Family = ProxyHeader["family"];

/** The family of each byte for a stream. */
const FAMILIES: Partial<Record<number, Family>> = {
  0x00: "unknown",
  0x11: "ipv4",
  0x21: "ipv6",
  0x31: "unix",
};

/**
 * The bytes for UDP and unix datagrams. A connection does not forward datagrams, so HAProxy rejects them too.
 */
const DATAGRAMS: readonly number[] = [0x12, 0x22, 0x32];

/** Parses a binary header. Returns undefined if its end is missing. */
export function parseVersion2(bytes: Buffer): ParsedHeader | undefined {
  if (bytes.length < START) return undefined;
  const version = bytes.readUInt8(12);
  if (version !== 0x20 && version !== 0x21)
    throw headerError("The PROXY header has an unknown version or command");
  const length = START + bytes.readUInt16BE(14);
  if (length > LONGEST) throw headerError(`The PROXY header is longer than ${LONGEST} bytes`);
  if (bytes.length < length) return undefined;
  const whole = bytes.subarray(0, length);
  // The rest of such a header must be ignored.
  if (version === 0x20) return { header: headerOf("local", "unknown", whole, []), length };
  const protocol = whole.readUInt8(13);
  const family = FAMILIES[protocol];
  if (family === undefined)
    throw headerError(
      DATAGRAMS.includes(protocol)
        ? "The PROXY header is for datagrams, such as those of UDP, and not for a connection"
        : "The PROXY header has an unknown family",
    );
  const tlvsAt = START + SIZES[family];
  if (length < tlvsAt) throw headerError("The PROXY header is too short for its addresses");
  return { header: headerOf("proxy", family, whole, readTlvs(whole, tlvsAt)), length };
}

function headerOf(
  command: ProxyHeader["command"],
  family: Family,
  whole: Buffer,
  tlvs: readonly ProxyTlv[],
): ProxyHeader {
  return { version: 2, command, family, ...readAddresses(whole, family), tlvs };
}

function readAddresses(whole: Buffer, family: Family): Pick<ProxyHeader, "source" | "destination"> {
  const unixAt = (at: number): ProxyAddress => ({
    address: pathOf(whole.subarray(at, at + 108)),
    port: undefined,
  });
  const inetAt = (at: number, size: number, portAt: number): ProxyAddress => ({
    address: addressOf(whole.subarray(at, at + size)),
    port: whole.readUInt16BE(portAt),
  });
  switch (family) {
    case "unknown":
      return { source: undefined, destination: undefined };
    case "ipv4":
      return { source: inetAt(START, 4, START + 8), destination: inetAt(START + 4, 4, START + 10) };
    case "ipv6":
      return { source: inetAt(START, 16, START + 32), destination: inetAt(START + 16, 16, START + 34) };
    case "unix":
      return { source: unixAt(START), destination: unixAt(START + 108) };
  }
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return shortestForm(groups.join(":"));
}

/** The path of a `struct sockaddr_un`: unix(7). */
function pathOf(bytes: Buffer): string {
  const isAbstract = bytes[0] === 0 && bytes[1] !== 0;
  const [name = ""] = bytes.toString("utf8", isAbstract ? 1 : 0).split("\0");
  return isAbstract ? `@${name}` : name;
}

function readTlvs(whole: Buffer, start: number): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (let at = start; at < whole.length;) {
    const valueAt = at + 3;
    const end = valueAt <= whole.length ? valueAt + whole.readUInt16BE(at + 1) : Infinity;
    if (end > whole.length) throw headerError("The PROXY header ends within a TLV");
    const type = whole.readUInt8(at);
    if (type === CHECKSUM) checkChecksum(whole, valueAt, end);
    tlvs.push({ type, value: whole.subarray(valueAt, end) });
    at = end;
  }
  return tlvs;
}

/** The checksum covers the whole header, with zeros in place of the checksum. */
function checkChecksum(whole: Buffer, at: number, end: number): void {
  const blank = Buffer.from(whole).fill(0, at, end);
  if (end - at !== 4 || whole.readUInt32BE(at) !== crc32c(blank))
    throw headerError("The checksum of the PROXY header is wrong");
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "../src/lib/proxy-protocol/crc32c.ts";
import type { ParsedHeader } from "../src/lib/proxy-protocol/header.ts";
import { parseProxyHeader } from "../src/lib/proxy-protocol/parse-header.ts";
import { isActivationError } from "../src/lib/shared/errors.ts";
import { anyBytes, anyHeader } from "./random-proxy-headers.ts";
import { binary, FAMILY, inet, inet6, line, signature, unix } from "./proxy-headers.ts";

const client = { address: "192.0.2.1", port: 56_324 };
const proxy = { address: "198.51.100.2", port: 443 };
const client6 = { address: "2001:db8::1", port: 56_324 };
const proxy6 = { address: "2001:db8::2", port: 443 };
const none = { family: "unknown", source: undefined, destination: undefined };
const tcp4 = { family: "ipv4", source: client, destination: proxy };
const tcp6 = { family: "ipv6", source: client6, destination: proxy6 };

describe("version 1", () => {
  const longest = `PROXY UNKNOWN ${"x".repeat(91)}\r\n`;
  test.each<[text: string, header: object]>([
    [line, tcp4],
    ["PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", tcp6],
    ["PROXY TCP6 2001:DB8:0:0:0:0:0:1 2001:0db8::0002 56324 443\r\n", tcp6],
    [
      "PROXY TCP6 ::ffff:192.0.2.1 ::1 0 65535\r\n",
      {
        family: "ipv6",
        source: { address: "::ffff:192.0.2.1", port: 0 },
        destination: { address: "::1", port: 65_535 },
      },
    ],
    ["PROXY UNKNOWN\r\n", none],
    ["PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", none],
    [longest, none],
  ])("%j", (text, header) => {
    expect(parseProxyHeader(Buffer.from(`${text}GET / HTTP/1.1`, "latin1"))).toEqual({
      header: { version: 1, command: "proxy", ...header, tlvs: [] },
      length: text.length,
    });
  });

  test.each([
    ["GET / HTTP/1.1\r\n\r\n", "It begins with 'GET / HT', which is not a PROXY header"],
    ["\u0016\u0003\u0001", "It begins with '\\x16\\x03\\x01', which is not a PROXY header"],
    ["PROXYTCP4", "It begins with 'PROXYTCP', which is not a PROXY header"],
    ["proxy TCP4", "It begins with 'proxy TC', which is not a PROXY header"],
    [line.replace("\r", ""), "The line of the PROXY header does not end with CR and LF"],
    [`PROXY UNKNOWN ${"x".repeat(93)}`, "The line of the PROXY header is longer than 107 bytes"],
    [longest.replace("x", "xx"), "The line of the PROXY header is longer than 107 bytes"],
    ["PROXY \r\n", "The line of the PROXY header is malformed"],
    ["PROXY UNKNOWNS\r\n", "The line of the PROXY header is malformed"],
    [line.replace("TCP4", "UDP4"), "The line of the PROXY header is malformed"],
    [line.replace(" 443", ""), "The line of the PROXY header is malformed"],
    [line.replace(" 443", " 443 "), "The line of the PROXY header is malformed"],
    [line.replace(" 443", "  443"), "The line of the PROXY header is malformed"],
    [line.replace("443", "-443"), "The line of the PROXY header is malformed"],
    [line.replace("443", "0443"), "The PROXY header has a port that is not valid"],
    [line.replace("443", "65536"), "The PROXY header has a port that is not valid"],
    [line.replace("192.0.2.1", "192.0.2.256"), "The PROXY header has an address that is not IPv4"],
    [line.replace("192.0.2.1", "192.0.2.01"), "The PROXY header has an address that is not IPv4"],
    [line.replace("192.0.2.1", "::1"), "The PROXY header has an address that is not IPv4"],
    [line.replace("TCP4", "TCP6"), "The PROXY header has an address that is not IPv6"],
    ["PROXY TCP6 fe80::1%lo fe80::2 1 2\r\n", "The PROXY header has an address that is not IPv6"],
  ])("%j is refused", (text, message) => {
    expect(() => parseProxyHeader(Buffer.from(text, "latin1"))).toThrow(
      expect.objectContaining({
        code: "SOCKACT_ERR_PROXY_HEADER",
        message,
        hint: expect.stringMatching(/\.$/) as string,
      }),
    );
  });
});

describe("version 2", () => {
  const long = "x".repeat(300);
  test.each<[what: string, header: Buffer, expected: object]>([
    ["TCP over IPv4", binary(), tcp4],
    ["TCP over IPv6", binary({ family: FAMILY.tcp6, addresses: inet6 }), tcp6],
    [
      "a unix socket",
      binary({ family: FAMILY.unix, addresses: unix("/run/client.sock", "\0proxy") }),
      {
        family: "unix",
        source: { address: "/run/client.sock", port: undefined },
        destination: { address: "@proxy", port: undefined },
      },
    ],
    [
      "a unix socket without a name, and the longest path",
      binary({ family: FAMILY.unix, addresses: unix("", "p".repeat(108)) }),
      {
        family: "unix",
        source: { address: "", port: undefined },
        destination: { address: "p".repeat(108), port: undefined },
      },
    ],
    ["no addresses", binary({ family: FAMILY.unspec, addresses: Buffer.alloc(0) }), none],
    [
      "TLVs",
      binary({
        tlvs: [
          [0x02, "example.org"],
          [0x04, ""],
          [0xe0, long],
        ],
      }),
      {
        ...tcp4,
        tlvs: [
          { type: 0x02, value: Buffer.from("example.org") },
          { type: 0x04, value: Buffer.alloc(0) },
          { type: 0xe0, value: Buffer.from(long) },
        ],
      },
    ],
    [
      "TLVs without addresses",
      binary({ family: FAMILY.unspec, addresses: Buffer.alloc(0), tlvs: [[0x05, "id"]] }),
      { ...none, tlvs: [{ type: 0x05, value: Buffer.from("id") }] },
    ],
    [
      "LOCAL",
      binary({ command: 0x20, family: 0, addresses: Buffer.alloc(0) }),
      { ...none, command: "local" },
    ],
    [
      "LOCAL, with a rest that is ignored",
      binary({ command: 0x20, family: 0xff }),
      { ...none, command: "local" },
    ],
  ])("%s", (_, header, expected) => {
    expect(parseProxyHeader(Buffer.concat([header, Buffer.from("rest")]))).toEqual({
      header: { version: 2, command: "proxy", tlvs: [], ...expected },
      length: header.length,
    });
  });

  test("a checksum is checked", () => {
    const header = binary({ checksum: true, tlvs: [[0x02, "example.org"]] });
    expect(parseProxyHeader(header)?.header.tlvs).toHaveLength(2);
    const typeAt = 28;
    for (let at = 16; at < header.length; at++) {
      // Without its type, it is not a checksum.
      if (at === typeAt) continue;
      const broken = Buffer.from(header);
      broken.writeUInt8(broken.readUInt8(at) ^ 1, at);
      expect(() => parseProxyHeader(broken)).toThrow(
        /^The (checksum of the PROXY header is wrong|PROXY header ends within a TLV)$/,
      );
    }
    // RFC 3720, appendix B.4, and the usual check value.
    expect([crc32c(Buffer.alloc(32)), crc32c(Buffer.from("123456789"))]).toEqual([0x8a9136aa, 0xe3069283]);
  });

  const datagrams = "The PROXY header is for datagrams, such as those of UDP, and not for a connection";
  const start = (...bytes: number[]): Buffer =>
    Buffer.concat([signature, Buffer.from(bytes), Buffer.alloc(300)]);
  test.each<[what: string, bytes: Buffer, message: string]>([
    ["version 1", start(0x11, 0x11, 0, 12), "The PROXY header has an unknown version or command"],
    ["version 3", start(0x31, 0x11, 0, 12), "The PROXY header has an unknown version or command"],
    ["command 2", start(0x22, 0x11, 0, 12), "The PROXY header has an unknown version or command"],
    ["family 4", start(0x21, 0x41, 0, 12), "The PROXY header has an unknown family"],
    ["transport 3", start(0x21, 0x13, 0, 12), "The PROXY header has an unknown family"],
    ["a family without a transport", start(0x21, 0x10, 0, 12), "The PROXY header has an unknown family"],
    ["UDP over IPv4", binary({ family: FAMILY.udp4 }), datagrams],
    ["UDP over IPv6", binary({ family: FAMILY.udp6, addresses: inet6 }), datagrams],
    [
      "datagrams of a unix socket",
      binary({ family: FAMILY.unixDatagram, addresses: unix("/a", "/b") }),
      datagrams,
    ],
    [
      "addresses that are too short",
      start(0x21, 0x21, 0, 35),
      "The PROXY header is too short for its addresses",
    ],
    ["a TLV without a length", start(0x21, 0x11, 0, 14), "The PROXY header ends within a TLV"],
    [
      "a TLV that is longer than the header",
      binary({ addresses: Buffer.concat([inet([1, 2, 3, 4], [5, 6, 7, 8], 1, 2), Buffer.from([1, 0, 1])]) }),
      "The PROXY header ends within a TLV",
    ],
    [
      "a checksum of three bytes",
      binary({ tlvs: [[0x03, "abc"]] }),
      "The checksum of the PROXY header is wrong",
    ],
    ["too long", start(0x21, 0x11, 0x40, 0), "The PROXY header is longer than 16384 bytes"],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => parseProxyHeader(bytes)).toThrow(
      expect.objectContaining({ code: "SOCKACT_ERR_PROXY_HEADER", message }),
    );
  });
});

/** What a parser that gets one byte after the other says. */
function parseByteByByte(bytes: Buffer): ParsedHeader | "refused" | undefined {
  for (let length = 0; length <= bytes.length; length++) {
    const result = outcome(bytes.subarray(0, length));
    if (result !== undefined) return result;
  }
  return undefined;
}

function outcome(bytes: Buffer): ParsedHeader | "refused" | undefined {
  try {
    return parseProxyHeader(bytes);
  } catch (error) {
    if (isActivationError(error)) return "refused";
    throw error;
  }
}

describe.each([
  { numRuns: 300, tags: [] },
  { numRuns: 10_000, tags: ["campaign"] },
])("$numRuns random headers", ({ numRuns, tags }) => {
  const settings = { seed: 19, numRuns };

  test("what a proxy writes is read, whatever comes after it", { tags }, () => {
    fc.assert(
      fc.property(anyHeader, fc.uint8Array(), ({ bytes, header }, rest) => {
        expect(parseProxyHeader(Buffer.concat([bytes, rest]))).toEqual({ header, length: bytes.length });
      }),
      settings,
    );
  });

  test("hostile bytes are refused or read, the same in one packet and byte by byte", { tags }, () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const whole = outcome(bytes);
        expect(parseByteByByte(bytes)).toEqual(whole);
        expect(typeof whole === "object" ? whole.length : 0).toBeLessThanOrEqual(bytes.length);
      }),
      settings,
    );
  });
});

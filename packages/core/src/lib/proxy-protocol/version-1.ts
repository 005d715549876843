import { isIPv4, isIPv6 } from "node:net";
import { headerError } from "./header-error.ts";
import type { ParsedHeader } from "./header.ts";
import { shortestForm } from "./shortest-form.ts";

/** The start of a header of version 1. */
export const VERSION_1: Buffer = Buffer.from("PROXY ");

/** The longest header of version 1, with its end of line, in bytes. */
const LONGEST = 107;

const LINE = /^PROXY (?:UNKNOWN(?: .*)?|(TCP[46]) (\S+) (\S+) (\d+) (\d+))$/;

/**
 * Parses a line such as `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443`. Returns undefined if its end is missing.
 */
export function parseVersion1(bytes: Buffer): ParsedHeader | undefined {
  const text = bytes.toString("latin1", 0, LONGEST);
  const end = text.indexOf("\r\n");
  if (end === -1) {
    if (text.includes("\n")) throw headerError("The line of the PROXY header does not end with CR and LF");
    if (text.length === LONGEST)
      throw headerError(`The line of the PROXY header is longer than ${LONGEST} bytes`);
    return undefined;
  }
  const match = LINE.exec(text.slice(0, end));
  if (match === null) throw headerError("The line of the PROXY header is malformed");
  const [, protocol, source, destination, sourcePort, destinationPort] = match;
  const common = { version: 1, command: "proxy", tlvs: [] } as const;
  const length = end + 2;
  if (protocol === undefined) {
    const header = { ...common, family: "unknown", source: undefined, destination: undefined } as const;
    return { header, length };
  }
  const family = protocol === "TCP4" ? "ipv4" : "ipv6";
  const header = {
    ...common,
    family,
    source: { address: readAddress(source as string, family), port: readPort(sourcePort as string) },
    destination: {
      address: readAddress(destination as string, family),
      port: readPort(destinationPort as string),
    },
  } as const;
  return { header, length };
}

function readAddress(text: string, family: "ipv4" | "ipv6"): string {
  if (family === "ipv4" && isIPv4(text)) return text;
  // A zone is only meaningful on the proxy.
  if (family === "ipv6" && isIPv6(text) && !text.includes("%")) return shortestForm(text);
  throw headerError(`The PROXY header has an address that is not ${family === "ipv4" ? "IPv4" : "IPv6"}`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (port > 65_535 || String(port) !== text)
    throw headerError("The PROXY header has a port that is not valid");
  return port;
}

import { inspect } from "node:util";
import { headerError } from "./header-error.ts";
import type { ParsedHeader } from "./header.ts";
import { parseVersion1, VERSION_1 } from "./version-1.ts";
import { parseVersion2, SIGNATURE } from "./version-2.ts";

/** How many bytes of an invalid header are shown. */
const SHOWN = 8;

/**
 * Parses the PROXY header at the start of these bytes. Returns undefined if more bytes are needed.
 *
 * The protocol: https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt
 *
 * @throws ActivationError `SOCKACT_ERR_PROXY_HEADER`, as soon as the bytes can't become a valid header
 */
export function parseProxyHeader(bytes: Buffer): ParsedHeader | undefined {
  if (beginsLike(bytes, VERSION_1)) return parseVersion1(bytes);
  if (beginsLike(bytes, SIGNATURE)) return parseVersion2(bytes);
  throw headerError(
    `It begins with ${inspect(bytes.toString("latin1", 0, SHOWN))}, which is not a PROXY header`,
  );
}

/** Whether these bytes, possibly incomplete, begin like this. */
function beginsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

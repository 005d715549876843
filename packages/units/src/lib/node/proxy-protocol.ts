import { isIPv4, isIPv6 } from "../systemd/addresses.ts";

/** The variable that tells @sockact/core who may send a PROXY header. */
export const proxyVariable = "SOCKACT_PROXY_PROTOCOL";

/** Means every client. */
export const anybody = "*";

/** Whether this is an IP address, a range, or `unix`. */
export function isProxySender(text: string): boolean {
  if (text === "unix") return true;
  const [, address = "", prefix = "0"] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  return isIPv4(address) ? Number(prefix) <= 32 : isIPv6(address) && Number(prefix) <= 128;
}

/** An entry of the variable: a socket's name, and who may send it a header. */
export interface ProxyEntry {
  name: string;
  /** `undefined` means everyone. */
  from: string[] | undefined;
}

/**
 * The entries, separated by spaces. The first `:` of an entry ends the name. `undefined` if the value is
 * malformed.
 */
export function proxyEntries(text: string): ProxyEntry[] | undefined {
  const entries = text
    .split(/\s+/)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [, name = "", from = ""] = /^([^:]+):(.+)$/.exec(entry) ?? [];
      return { name, from: from === anybody ? undefined : from.split(",") };
    });
  const isWhole = entries.every(({ name, from }) => name !== "" && (from ?? []).every(isProxySender));
  return isWhole && new Set(entries.map(({ name }) => name)).size === entries.length ? entries : undefined;
}

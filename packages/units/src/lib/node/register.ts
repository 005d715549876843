import { isIPv6 } from "../systemd/addresses.ts";

/**
 * Whether this is a valid key of SOCKACT_MAP of @sockact/register: a port, `host:port`, a path or
 * `@abstract`.
 */
export function isListenPlace(place: string): boolean {
  if (/^[/@]/.test(place)) return /^.[^,]+$/s.test(place);
  const [, bracketed, port] = /^(?:(?:\[([^\]]+)\]|[\w.-]+):)?(\d{1,5})$/.exec(place) ?? [];
  return port !== undefined && Number(port) <= 65_535 && (bracketed === undefined || isIPv6(bracketed));
}

/**
 * The entries of SOCKACT_MAP, separated by commas. The last `=` of an entry separates the place from the
 * socket's name. `undefined` if the value is malformed.
 */
export function mapEntries(text: string): { place: string; name: string }[] | undefined {
  const entries = text.split(",").map((entry) => {
    const at = entry.lastIndexOf("=");
    return { place: entry.slice(0, Math.max(at, 0)).trim(), name: entry.slice(at + 1).trim() };
  });
  return entries.every(({ place, name }) => isListenPlace(place) && name !== "") ? entries : undefined;
}

/** Whether a preloaded module is @sockact/register. */
export function isRegister(preload: string): boolean {
  // `sockact install` copies it into a folder of each service.
  return preload.includes("@sockact/register") || /\/sockact\/[^/]+\/files\/register\.cjs$/.test(preload);
}

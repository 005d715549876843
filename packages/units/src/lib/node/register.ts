import { isIPv6 } from "../systemd/addresses.ts";

/**
 * Whether an app can listen at this place, as SOCKACT_MAP of @sockact/register names it: a port, `host:port`,
 * a path or `@abstract`.
 */
export function isListenPlace(place: string): boolean {
  if (/^[/@]/.test(place)) return /^.[^,]+$/s.test(place);
  const [, bracketed, port] = /^(?:(?:\[([^\]]+)\]|[\w.-]+):)?(\d{1,5})$/.exec(place) ?? [];
  return port !== undefined && Number(port) <= 65_535 && (bracketed === undefined || isIPv6(bracketed));
}

/**
 * The entries of SOCKACT_MAP, separated by commas. In each, the last `=` separates a place from the name of a
 * socket. `undefined` if the value is malformed.
 */
export function mapEntries(text: string): { place: string; name: string }[] | undefined {
  const entries = text.split(",").map((entry) => {
    const at = entry.lastIndexOf("=");
    return { place: entry.slice(0, Math.max(at, 0)).trim(), name: entry.slice(at + 1).trim() };
  });
  return entries.every(({ place, name }) => isListenPlace(place) && name !== "") ? entries : undefined;
}

/** Whether a module that Node loads before the app is @sockact/register. */
export function isRegister(preload: string): boolean {
  // The copy that `sockact install` makes has a folder for each service.
  return preload.includes("@sockact/register") || /\/sockact\/[^/]+\/files\/register\.cjs$/.test(preload);
}

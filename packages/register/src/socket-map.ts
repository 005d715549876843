import { ActivationError } from "@sockact/core";
import { ipOf, type Target } from "./target.ts";

/** An entry of SOCKACT_MAP, such as `3000=http`. */
export interface MapEntry {
  /** The part before the `=`. */
  readonly key: string;
  readonly target: Target;
  /** A `FileDescriptorName=`. */
  readonly name: string;
}

/**
 * Parses SOCKACT_MAP: `3000=http,127.0.0.1:3001=admin,/run/app.sock=local,0=http`.
 *
 * @throws ActivationError `SOCKACT_ERR_OPTION` if it is malformed
 */
export function parseSocketMap(text: string | undefined): MapEntry[] {
  if (text === undefined || text.trim() === "") return [];
  return text.split(",").map((part) => {
    const entry = parseEntry(part.trim());
    if (entry === undefined) throw malformed(part.trim(), text);
    return entry;
  });
}

function parseEntry(text: string): MapEntry | undefined {
  const equals = text.lastIndexOf("=");
  const [key, name] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
  const target = equals > 0 && name !== "" ? parseKey(key) : undefined;
  return target && { key, target, name };
}

function parseKey(key: string): Target | undefined {
  if (/^[/@]./.test(key)) return { path: key };
  const [, bracketed, host = bracketed, digits = ""] =
    /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(key) ?? [];
  const isHost =
    bracketed === undefined ? /^[\w.-]*$/.test(host ?? "") : ipOf(bracketed)?.includes(":") === true;
  if (!isHost) return undefined;
  const port = Number(digits);
  return digits !== "" && port <= 65_535 ? { port, host } : undefined;
}

function malformed(part: string, text: string): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_OPTION",
    `SOCKACT_MAP must be a list such as 3000=http,/run/app.sock=admin; got ${JSON.stringify(text)}, where ${JSON.stringify(part)} is not a valid entry`,
    "Write where the app listens: a port, HOST:PORT, an absolute path or an @abstract name. Then write = and the FileDescriptorName= of its socket. " +
      "Separate the entries with commas: SOCKACT_MAP=3000=http,3001=admin. A name with a comma or = in it does not work: change its FileDescriptorName=.",
  );
}

/**
 * The names of a target in the map. An entry with the exact host has precedence over one with only the port.
 */
export function mappedNames(map: readonly MapEntry[], target: Target): string[] {
  const matching = map.filter((entry) => isSame(entry.target, target));
  const exact = matching.filter(
    (entry) => entry.target.path !== undefined || entry.target.host !== undefined,
  );
  return (exact.length > 0 ? exact : matching).map(({ name }) => name);
}

function isSame(entry: Target, target: Target): boolean {
  if (entry.path !== undefined || target.path !== undefined) return entry.path === target.path;
  return entry.port === target.port && (entry.host === undefined || isSameHost(entry.host, target.host));
}

function isSameHost(entry: string, host: string | undefined): boolean {
  return entry === host || (ipOf(entry) !== undefined && ipOf(entry) === ipOf(host));
}

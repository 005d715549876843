import { BlockList, isIP } from "node:net";
import type { Duration } from "@sockact/notify";
import { milliseconds } from "@sockact/shared/notify";
import { optionError } from "../shared/environment-options.ts";
import { shown } from "../shared/shown.ts";

/** Which clients may send a PROXY header, and within which time. */
export interface ProxyProtocolOptions {
  /**
   * The proxies: IP addresses, ranges such as `10.0.0.0/8`, or `unix` for every client of a unix socket.
   * Other clients are disconnected. By default, every client may send a header and can claim any address.
   */
  from?: readonly string[] | undefined;
  /** The time limit for a client to send its header. The default is `5s`. */
  timeout?: Duration | undefined;
}

/** The checked options, with defaults applied. */
export interface ProxyRules {
  /** @param sender the address of a client, or `unix`; undefined if unknown */
  isTrusted(sender: string | undefined): boolean;
  /** In milliseconds. */
  timeout: number;
}

/** The default of `timeout`, in milliseconds. */
export const TIMEOUT = 5000;

const HINT = "Write proxyProtocol: { from: ['10.0.0.1', '10.1.0.0/16', 'unix'] }, for example.";

/** How many load balancer addresses are cached. */
const REMEMBERED = 100;

/** The longest timeout, in milliseconds: an hour. */
const LONGEST = 3_600_000;

/**
 * Reads the option `proxyProtocol` of a socket.
 *
 * @param name the full name of the option
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function readProxyProtocol(option: unknown, name: string): ProxyRules {
  if (option === true) return { isTrusted: () => true, timeout: TIMEOUT };
  const isKnown =
    typeof option === "object" &&
    option !== null &&
    Object.keys(option).every((key) => key === "from" || key === "timeout");
  if (!isKnown)
    throw optionError(
      `The option ${name} must be true, false or { from, timeout }; got ${shown(option)}`,
      HINT,
    );
  const { from, timeout } = option as { from?: unknown; timeout?: unknown };
  if (from !== undefined && (!Array.isArray(from) || from.length === 0))
    throw optionError(
      `The option ${name}.from must be a list with the address of each proxy; got ${shown(from)}`,
      HINT,
    );
  return {
    isTrusted: from === undefined ? () => true : readSenders(from, `${name}.from`, HINT),
    timeout: timeout === undefined ? TIMEOUT : readTimeout(timeout, `${name}.timeout`),
  };
}

function readTimeout(timeout: unknown, name: string): number {
  const time = milliseconds(timeout);
  if (time === undefined || time === 0 || time > LONGEST)
    throw optionError(
      `The option ${name} must be a duration above 0 with a unit, such as '5s', and an hour at most; got ${shown(timeout)}`,
      "Write timeout: '5s', for example.",
    );
  return time;
}

/**
 * Reads a list of addresses and ranges.
 *
 * @param what names the list in errors
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function readSenders(from: readonly unknown[], what: string, hint: string): ProxyRules["isTrusted"] {
  const list = new BlockList();
  for (const each of from)
    if (each !== "unix" && !addRange(list, each))
      throw optionError(
        `Each member of ${what} must be an IP address, a range or 'unix'; got ${shown(each)}`,
        hint,
      );
  // Load balancers connect again and again, and a search in the list takes as long as everything else.
  const trusted = new Set<string>();
  return (sender) => {
    if (sender === undefined || sender === "unix") return sender === "unix" && from.includes(sender);
    if (trusted.has(sender)) return true;
    // Linux adds the zone of a link-local address.
    const [address = ""] = sender.split("%");
    const isTrusted = list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
    if (isTrusted && trusted.size < REMEMBERED) trusted.add(sender);
    return isTrusted;
  };
}

/** Returns false if the value is neither an address nor a range. */
function addRange(list: BlockList, range: unknown): boolean {
  if (typeof range !== "string") return false;
  const [address = "", prefix, ...more] = range.split("/");
  const family = isIP(address);
  const isPrefix =
    prefix === undefined ||
    (/^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
  if (family === 0 || address.includes("%") || !isPrefix || more.length > 0) return false;
  const type = family === 6 ? "ipv6" : "ipv4";
  if (prefix === undefined) list.addAddress(address, type);
  else list.addSubnet(address, Number(prefix), type);
  return true;
}

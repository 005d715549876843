import { ownCommand } from "../shared/own-command.ts";
import { isIPv4, isIPv6 } from "node:net";
import { resolve } from "node:path";
import process from "node:process";
import { CliError } from "../shared/cli-error.ts";

/** The address of a socket. Without a host, it is every IPv6 and IPv4 address. */
export type Target = { path: string } | { port: number; host?: string };

/** An address on the command line. */
export interface Address {
  /** As it was written. */
  text: string;
  /** The sockets for it. The second one, of `localhost`, is omitted if the machine has no IPv6. */
  targets: [Target] | [Target, Target];
}

/**
 * The longest path of a socket: sun_path of unix(7) has 108 bytes on Linux and 104 on macOS, with a trailing
 * zero.
 */
const LONGEST_PATH = process.platform === "linux" ? 107 : 103;

/** Where to listen: the addresses of --listen, or localhost on PORT. */
export function addressesOf(listen: readonly string[] | undefined): Address[] {
  const addresses = listen ? listen.map(parseAddress) : [defaultAddress(process.env["PORT"] || "3000")];
  for (const [index, one] of addresses.entries()) {
    const other = addresses.slice(0, index).find((earlier) => overlap(earlier, one));
    if (other)
      throw new CliError(
        "SOCKACT_ERR_RUN_ADDRESS",
        `can't listen on ${other.text} and on ${one.text}: they are the same address, or one contains the other`,
        "Leave one of them out, or choose another port for it.",
      );
  }
  return addresses;
}

function defaultAddress(port: string): Address {
  if (!/^\d+$/.test(port))
    throw new CliError(
      "SOCKACT_ERR_RUN_ADDRESS",
      `the variable PORT must be a port, such as 3000; got ${JSON.stringify(port)}`,
      `Correct it, or write the address: ${ownCommand("run", "-l", "localhost:3000", "--", "…")}`,
    );
  return parseAddress(`localhost:${port}`);
}

function overlap({ targets: some }: Address, { targets: others }: Address): boolean {
  return some.some((one) =>
    others.some((other) => {
      if ("path" in one || "path" in other)
        return "path" in one && "path" in other && one.path === other.path;
      const isSameHost =
        one.host === other.host || contains(one.host, other.host) || contains(other.host, one.host);
      return one.port !== 0 && one.port === other.port && isSameHost;
    }),
  );
}

/** Whether a host means all addresses, or all of IPv4, and includes the other one. */
function contains(host: string | undefined, other: string | undefined): boolean {
  return host === undefined || (host === "0.0.0.0" && other !== undefined && isIPv4(other));
}

/**
 * Parses an address as in `ListenStream=` of systemd.socket(5). In sockact, `localhost` also means 127.0.0.1
 * and ::1.
 */
function parseAddress(text: string): Address {
  if (text.startsWith("/") || text.startsWith("@")) return { text, targets: [{ path: pathOf(text) }] };
  if (text.includes("/")) throw invalid(text, `Write the whole path: ${resolve(text)}.`);
  const [, host, digits] = /^(?:(.*):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) throw invalid(text, "It needs a port from 0 to 65535.");
  if (host === undefined) return { text, targets: [{ port }] };
  if (host === "")
    throw invalid(text, `Write ${digits} for all addresses of this machine, or localhost:${digits}.`);
  if (host === "localhost")
    return {
      text,
      targets: [
        { host: "127.0.0.1", port },
        { host: "::1", port },
      ],
    };
  const inBrackets = /^\[(.*)\]$/.exec(host)?.[1];
  if (inBrackets !== undefined && isIPv6(inBrackets))
    // [::] includes IPv4, unless BindIPv6Only= is set.
    return { text, targets: [inBrackets === "::" ? { port } : { host: inBrackets, port }] };
  if (isIPv4(host)) return { text, targets: [{ host, port }] };
  throw invalid(
    text,
    isIPv6(host)
      ? `An IPv6 address is written in brackets: [${host}]:${digits}.`
      : `${JSON.stringify(host)} is not an IP address, and localhost is the only host name that sockact run accepts.`,
  );
}

function pathOf(text: string): string {
  if (/[\0\n]/.test(text)) throw invalid(text, "It contains a zero byte or a line break.");
  if (Buffer.byteLength(text) > LONGEST_PATH)
    throw invalid(
      text,
      `It has ${Buffer.byteLength(text)} bytes, and the path of a socket has at most ${LONGEST_PATH}. Use a shorter path.`,
    );
  if (!text.startsWith("@")) return text;
  if (process.platform !== "linux") throw invalid(text, "Only Linux has abstract sockets. Use a path.");
  // Node 20 pads the name with zero bytes, which makes it another name.
  if (Number(process.versions.node.split(".")[0]) < 22)
    throw invalid(
      text,
      `Node ${process.version} can't listen on an abstract socket of exactly this name. Use Node 22 or later, or a path.`,
    );
  if (text === "@") throw invalid(text, "The name of the abstract socket is missing.");
  return `\0${text.slice(1)}`;
}

function invalid(text: string, hint: string): CliError {
  return new CliError(
    "SOCKACT_ERR_RUN_ADDRESS",
    `can't listen on ${JSON.stringify(text)}`,
    `${hint}\nAddresses are written 3000, 127.0.0.1:3000, [::1]:3000, localhost:3000, /path/to.sock or @abstract.`,
  );
}

import { refusing, type Refusal } from "../problems.ts";
import { byteLength } from "./text.ts";

const refusal = refusing("SOCKACT_ERR_UNIT_ADDRESS");

const forms = "a port (80), 127.0.0.1:80, [::1]:80, /run/app.sock, @abstract or vsock:2:1234";

/** The field sun_path of unix(7) has 108 bytes, and the last one is NUL. */
const longestPath = 107;

const group = /^[0-9a-fA-F]{1,4}$/;
const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`);

export function isIPv4(text: string): boolean {
  return ipv4.test(text);
}

export function isIPv6(text: string): boolean {
  const dotted = text.slice(text.lastIndexOf(":") + 1);
  const whole = isIPv4(dotted) ? `${text.slice(0, -dotted.length)}0:0` : text;
  const halves = whole.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const groups = halves.flat();
  if (!groups.every((part) => group.test(part))) return false;
  return halves.length === 2 ? groups.length <= 7 : halves.length === 1 && groups.length === 8;
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}

function refusedPort(text: string): Refusal {
  return refusal(
    `the port is ${text}`,
    "a port is a whole number from 1 to 65535; systemd does not choose one",
  );
}

function refusedUnixPath(address: string): Refusal | undefined {
  const length = byteLength(address);
  if (length > longestPath) {
    return {
      code: "SOCKACT_ERR_UNIT_LENGTH",
      message: `the address has ${length} bytes`,
      hint: `a unix socket's address has at most ${longestPath} bytes`,
    };
  }
  if (address.startsWith("@")) {
    return address.length > 1 ? undefined : refusal("the abstract name is empty", "write a name after the @");
  }
  if (address.endsWith("/") || address.split("/").includes("..")) {
    return refusal(
      "the path does not name a file",
      "write the path of the socket itself, without .. and without / at the end",
    );
  }
  return undefined;
}

/** `127.0.0.1:80`, `[::1]:80`, and `[fe80::1]:80%eth0`. In systemd.socket(5), the zone comes last. */
function refusedIP(address: string): Refusal | undefined {
  const [, bracketed, bare, port, zone] = /^(?:\[([^\]]*)\]|([^:[\]]+)):(\d+)(%.*)?$/.exec(address) ?? [];
  if (port === undefined) return refusedShape(address);
  if (!isPort(port)) return refusedPort(port);
  if (bracketed?.includes("%")) {
    return refusal(
      "the zone is inside the brackets",
      "write it last: [fe80::1]:80%eth0, and in a unit file [fe80::1]:80%%eth0",
    );
  }
  if (zone !== undefined && (bare !== undefined || !/^%[\w.-]{1,15}$/.test(zone))) {
    return refusal(
      `only an IPv6 address has a zone, and ${zone} is not the name of one`,
      "name an interface: [fe80::1]:80%eth0",
    );
  }
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    return refusal(`${bracketed} is not an IPv6 address`, "as in [::1]:80");
  }
  if (bare === "*") return refusal("* is not an address", `a port alone listens on every address: ${port}`);
  if (bare !== undefined && !isIPv4(bare)) {
    return refusal(
      `${bare} is not an IP address, and systemd does not look up names`,
      `write an address: 127.0.0.1:${port} or [::1]:${port} for this machine only, ${port} for all`,
    );
  }
  return undefined;
}

function refusedShape(address: string): Refusal {
  if (isIPv4(address)) return refusal("the port is missing", `as in ${address}:80`);
  if (isIPv6(address.replace(/^\[|\]$/g, ""))) {
    return refusal("an IPv6 address needs brackets, with the port after them", "as in [::1]:80");
  }
  if (address.includes("/"))
    return refusal("the path is relative", "a socket's path is absolute: /run/app.sock");
  return refusal("not an address", `write ${forms}`);
}

function refusedVsock(address: string): Refusal | undefined {
  const [, cid, port] = /^vsock:(|0|[1-9]\d{0,9}):([1-9]\d{0,9})$/.exec(address) ?? [];
  // In vsock(7), the largest number means any. A socket can listen on any CID, but not on any port.
  const fits = port !== undefined && Number(port) < 4_294_967_295 && Number(cid) <= 4_294_967_295;
  return fits
    ? undefined
    : refusal(
        "not a vsock address",
        "vsock:CID:PORT, or vsock::PORT for any CID, with a port up to 4294967294",
      );
}

/**
 * Why systemd would reject this address of ListenStream= or a similar directive, or `undefined`.
 *
 * The address must not contain control characters or surrounding spaces.
 */
export function refusedAddress(address: string): Refusal | undefined {
  if (address.startsWith("/") || address.startsWith("@")) return refusedUnixPath(address);
  if (address.startsWith("vsock:")) return refusedVsock(address);
  if (/^-?\d+$/.test(address)) return isPort(address) ? undefined : refusedPort(address);
  return refusedIP(address);
}

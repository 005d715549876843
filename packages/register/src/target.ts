import { isIP, SocketAddress } from "node:net";
import { resolve } from "node:path";

/** The port or path of a `listen()`. */
export type Target =
  | { port: number; host: string | undefined; path?: undefined }
  /** The absolute path of a unix socket, or `@name` of an abstract one. */
  | { path: string; port?: undefined };

/** The port or path in the arguments of `listen()`, as Node reads them. Undefined for invalid arguments. */
export function targetOf(args: readonly unknown[]): Target | undefined {
  const [first, second] = args;
  if (typeof first === "object" && first !== null) {
    const { port, path, host } = first as { port?: unknown; path?: unknown; host?: unknown };
    const number = portOf(port);
    if (number !== undefined) return { port: number, host: typeof host === "string" ? host : undefined };
    // If the options have `port` without a value, Node uses any free port and ignores the path.
    if ("port" in first)
      return port === undefined || port === null ? { port: 0, host: undefined } : undefined;
    return typeof path === "string" && path !== "" ? { path: pathOf(path) } : undefined;
  }
  if (first === undefined || first === null || typeof first === "function")
    return { port: 0, host: typeof second === "string" ? second : undefined };
  const port = portOf(first);
  if (port !== undefined) return { port, host: typeof second === "string" ? second : undefined };
  return typeof first === "string" && first !== "" ? { path: pathOf(first) } : undefined;
}

function portOf(value: unknown): number | undefined {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  const port = Number(value);
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

/** An abstract name starts with NUL in Node, and with `@` in systemd. */
function pathOf(path: string): string {
  return path.startsWith("\0") ? `@${path.slice(1)}` : resolve(path);
}

/** The target as text: `port 3000`, `127.0.0.1:3000`, `/run/app.sock`. */
export function formatTarget(target: Target): string {
  if (target.path !== undefined) return target.path;
  const { port, host } = target;
  if (host === undefined) return `port ${port}`;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The normalized IP address. Undefined for a host name. */
export function ipOf(host: string | undefined): string | undefined {
  const text = host?.replace(/%.*/, "") ?? "";
  const version = isIP(text);
  if (version === 0) return undefined;
  return new SocketAddress({ address: text, family: version === 6 ? "ipv6" : "ipv4" }).address;
}

import { closeSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  type ActivationOptions,
  type AddressKind,
  type AppProcess,
  freeAddress,
  httpRequest,
  rawSocket,
  startProcess,
  startWithFds,
} from "@sockact/testkit";

/** The file of the preload that units name. */
export const preload: string = fileURLToPath(new URL("../dist/index.cjs", import.meta.url));

/**
 * The functions that the apps of these tests use: servers that print the result of listen(), and answer with
 * their name.
 */
export const PRELUDE: string = `
const say = (name, what) => console.log(name + ": " + what);
const told = (name, server) => server
  .on("listening", () => say(name, "listening on " + JSON.stringify(server.address())))
  .on("error", (error) => say(name, "error " + error.code));
const serve = (name) => told(name, http.createServer((request, response) => response.end(name)));
`;

export interface Passed {
  /** The address of each socket, by its name. */
  readonly addresses: Record<string, string>;
  readonly fds: readonly number[];
  readonly names: readonly string[];
}

/** Makes a listening socket for each name. */
export async function passedSockets(kinds: Record<string, AddressKind>): Promise<Passed> {
  const addresses: Record<string, string> = {};
  const fds: number[] = [];
  for (const [name, kind] of Object.entries(kinds)) {
    addresses[name] = await freeAddress(kind);
    const family = kind === "tcp4" ? "ipv4" : kind === "tcp6" ? "ipv6" : "unix";
    fds.push(rawSocket(family, "stream", { bound: addresses[name], listening: true }));
  }
  return { addresses, fds, names: Object.keys(kinds) };
}

/** Starts an app from its code, with the preload and these sockets. */
export function runApp(
  { fds, names }: Pick<Passed, "fds"> & Partial<Passed>,
  code: string,
  { map, node = [], ...options }: ActivationOptions & { map?: string; node?: readonly string[] } = {},
): AppProcess {
  const app = startWithFds(fds, [process.execPath, "--require", preload, ...node, "--eval", PRELUDE + code], {
    ...(names && { names }),
    ...options,
    env: { ...options.env, ...(map !== undefined && { SOCKACT_MAP: map }) },
  });
  for (const fd of fds) closeSync(fd);
  return app;
}

/**
 * Starts an app from its code, with the preload and no socket, as a service whose manager waits for messages.
 * No manager receives them.
 */
export function runSupervised(code: string): AppProcess {
  return startProcess(
    [
      "/bin/sh",
      "-c",
      'SYSTEMD_EXEC_PID=$$ exec "$@"',
      "sh",
      process.execPath,
      "--require",
      preload,
      "--eval",
      PRELUDE + code,
    ],
    { env: { NOTIFY_SOCKET: "/run/no-service-manager" } },
  );
}

/** The port of an address such as `127.0.0.1:8080`. */
export function portIn(address: string | undefined): number {
  return Number(/:(\d+)$/.exec(address ?? "")?.[1]);
}

/** The body of what a server answers there. */
export async function answerOf(address: string | undefined): Promise<string> {
  return (await httpRequest(address as string)).body;
}

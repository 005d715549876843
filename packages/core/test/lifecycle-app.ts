import { once } from "node:events";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  type ActivationOptions,
  type AddressKind,
  type AppProcess,
  atEnd,
  closeAll,
  DEADLINE,
  freeAddress,
  type ListenAddress,
  openConnection,
  rawSocket,
  startProcess,
  startWithFds,
} from "@sockact/testkit";

/** The server that programs/lifecycle.mjs creates. */
export interface LifecycleServer {
  kind?: "http" | "peeking" | "peekingLater" | "https" | "http2" | "h2c" | "streams" | "net" | "tls";
  serverOptions?: Record<string, unknown>;
  /** Set on the server, such as `keepAliveTimeout`. */
  properties?: Record<string, unknown>;
  webSockets?: boolean;
  /** Answer `Upgrade:` with another protocol. */
  upgrades?: boolean;
  /** Handle `Expect: 100-continue`. */
  continues?: boolean;
  /** The options of listen(). */
  options?: Record<string, unknown>;
  /** The hooks of the app. Each prints its arguments. */
  hooks?: string[];
}

export interface LifecycleApp extends LifecycleServer {
  /** Several servers instead of one. */
  apps?: LifecycleServer[];
  /** A server that starts to listen on a command. */
  late?: LifecycleServer;
  /** Other handlers of signals, which are added before or after the servers listen. */
  before?: string[];
  after?: string[];
  /** Calls keepAwake() before the servers listen, so that no idleTimeout is over before the command `release`. */
  held?: boolean;
  /** Whether standard input keeps the process alive. */
  input?: boolean;
}

export const program = [process.execPath, fileURLToPath(new URL("programs/lifecycle.mjs", import.meta.url))];

const FAMILY = { tcp4: "ipv4", tcp6: "ipv6", unix: "unix", abstract: "unix" } as const;

/** A listener as systemd keeps it, until the test ends, and its address. */
export async function systemdSocket(
  kind: AddressKind = "tcp4",
): Promise<[fd: number, address: ListenAddress]> {
  const bound = await freeAddress(kind);
  const fd = rawSocket(FAMILY[kind], "stream", { bound, listening: true });
  atEnd(() => closeAll([fd]));
  return [fd, bound];
}

/**
 * Starts the program on these sockets, and waits until it is up. It prints each event of sockact as a line.
 */
export async function startApp(
  fds: readonly number[],
  { hooks = ["onEvent"], ...app }: LifecycleApp = {},
  options: ActivationOptions = {},
): Promise<AppProcess> {
  const withHooks = { hooks, ...app, ...(app.apps && { apps: app.apps.map((one) => ({ hooks, ...one })) }) };
  const env = { ...options.env, APP: JSON.stringify(withHooks) };
  const started =
    fds.length === 0
      ? startProcess(program, { ...options, env })
      : startWithFds(fds, program, { ...options, env });
  await started.event("up");
  return started;
}

/** One app on one socket. */
export async function appOnSocket(
  app: LifecycleApp = {},
  options: ActivationOptions = {},
): Promise<{ app: AppProcess; address: ListenAddress; fd: number }> {
  const [fd, address] = await systemdSocket();
  return { app: await startApp([fd], app, options), address, fd };
}

/**
 * Resolves when another process with this `idleTimeout` in milliseconds, and without clients, has gone to
 * sleep. Tests use it as a clock for a process that must stay awake.
 */
export async function untilAnotherSleeps(idleTimeout: number): Promise<void> {
  const { app } = await appOnSocket({ options: { idleTimeout: `${idleTimeout}ms` } });
  await using running = app;
  await running.event("idle");
}

/** Sends the signal, and waits until the app drains. */
export async function terminate(app: AppProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  app.kill(signal);
  await app.event("draining");
}

/** A client that records each byte, and how the connection ends. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  received = "";
  /**
   * `end`: the server has closed the connection. `reset`: it was reset. `close`: the client has closed it.
   */
  readonly closed: Promise<"end" | "close" | `reset ${string}`>;

  constructor(socket: Socket) {
    this.socket = socket;
    let ending: "end" | "close" | `reset ${string}` = "close";
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.received += text;
    });
    socket.on("end", () => {
      ending = "end";
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      ending = `reset ${error.code ?? error.message}`;
    });
    this.closed = new Promise((resolve) => socket.on("close", () => resolve(ending)));
  }

  send(text: string | Buffer): this {
    this.socket.write(text);
    return this;
  }

  /** Sends a request without a body. */
  get(path: string, headers: readonly string[] = []): this {
    return this.send(`${[`GET ${path} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`);
  }

  /** Waits until the received data matches, and returns and clears it. */
  async receives(pattern: RegExp): Promise<string> {
    const deadline = AbortSignal.timeout(DEADLINE);
    while (!pattern.test(this.received)) {
      if (this.socket.destroyed || this.socket.readableEnded)
        throw new Error(`The connection ended, and ${pattern} did not come: ${this.received}`);
      const either = new AbortController();
      const signal = AbortSignal.any([deadline, either.signal]);
      await Promise.race([
        once(this.socket, "data", { signal }),
        once(this.socket, "end", { signal }),
        once(this.socket, "close", { signal }),
      ]).finally(() => either.abort());
    }
    const { received } = this;
    this.received = "";
    return received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

export async function rawClient(address: ListenAddress): Promise<RawClient> {
  const socket = openConnection(address);
  const client = new RawClient(socket);
  await once(socket, "connect");
  return client;
}

/** A client whose connection the app has accepted. */
export async function acceptedClient(app: AppProcess, address: ListenAddress): Promise<RawClient> {
  const client = await rawClient(address);
  await app.event("connection");
  return client;
}

/** A client of HTTP whose connection is kept alive, and idle. */
export async function idleClient(app: AppProcess, address: ListenAddress): Promise<RawClient> {
  const client = await acceptedClient(app, address);
  client.get("/");
  await client.receives(/hello$/);
  await app.event("request");
  return client;
}

/** A client of HTTP whose request waits for an answer. */
export async function heldClient(
  app: AppProcess,
  address: ListenAddress,
  path = "/held",
): Promise<RawClient> {
  const client = await acceptedClient(app, address);
  client.get(path);
  await app.event("request");
  return client;
}

export function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

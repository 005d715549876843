import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { count } from "../shared/messages.ts";
import { say, warn } from "./messages.ts";
import type { Address, Target } from "./address.ts";
import { isAddressMissing, listenError } from "./bind.ts";
import { describeEnding, exitCodeOf, startCommand, type RunningCommand } from "./command.ts";
import type { Guard } from "./guard.ts";
import { addressWithPort } from "./held-sockets.ts";
import type { StopSignals } from "./stop-signals.ts";
import { prepareFile, removeFileAtEnd } from "./unix-socket-file.ts";

/** As `MaxConnections=` of systemd.socket(5). */
const MOST_CONNECTIONS = 64;

export interface Accepting {
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  maxConnections: number | undefined;
  stopTimeout: number;
  guard: Guard;
}

/** Starts a process for each connection, which gets it as descriptor 3, as with `Accept=yes`. */
export class Acceptor {
  readonly #how: Accepting;
  readonly #servers: Server[] = [];
  readonly #running = new Set<RunningCommand>();

  constructor(how: Accepting) {
    this.#how = how;
  }

  /** Listens on an address. Returns the address for display. */
  async listen({ text, targets: [first, second] }: Address): Promise<string> {
    const port = await this.#listenOn(text, first);
    if (second)
      await this.#listenOn(text, { ...second, port: port as number }).catch((error: unknown) => {
        if (!isAddressMissing(error)) throw error;
      });
    return addressWithPort(text, port);
  }

  async #listenOn(text: string, target: Target): Promise<number | undefined> {
    await prepareFile(target, this.#how.guard);
    // The data is for the command, so nothing is read here.
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
    server.listen(target);
    try {
      await once(server, "listening");
    } catch (error) {
      throw listenError(text, error as NodeJS.ErrnoException);
    }
    removeFileAtEnd(target, this.#how.guard);
    this.#servers.push(server);
    const address = server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  #accept(socket: Socket): void {
    const { command, env, guard, maxConnections = MOST_CONNECTIONS } = this.#how;
    const { remotePort } = socket;
    // systemd also prints the IPv4 address of a client of an IPv6 socket.
    const remoteAddress = socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, "");
    const from = remoteAddress === undefined ? "a unix socket" : `${remoteAddress} port ${remotePort}`;
    if (this.#running.size >= maxConnections) {
      warn(
        `the connection from ${from} is refused: at most ${maxConnections} may be open. --max-connections sets how many`,
      );
      socket.destroy();
      return;
    }
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    const running = startCommand(
      command,
      {
        fds: [fd],
        names: ["connection"],
        env: {
          ...env,
          REMOTE_ADDR: remoteAddress,
          REMOTE_PORT: remotePort === undefined ? undefined : String(remotePort),
        },
      },
      guard,
    );
    // The command has a copy of the descriptor.
    socket.destroy();
    this.#running.add(running);
    void this.#awaitEnd(running, from);
  }

  async #awaitEnd(running: RunningCommand, from: string): Promise<void> {
    const ending = await running.ended;
    this.#running.delete(running);
    if (ending.code !== 0) warn(`the command for the connection from ${from} ${describeEnding(ending)}`);
  }

  /** Sends a signal to all commands. */
  pass(signal: NodeJS.Signals): void {
    for (const running of this.#running) running.kill(signal);
  }

  /** Accepts until the user asks to stop, then waits for open connections. Returns the exit code. */
  async run(signals: StopSignals): Promise<number> {
    const signal = await signals.stop;
    for (const server of this.#servers) server.close();
    if (!(await signals.reachedCommand())) this.pass(signal === "SIGHUP" ? "SIGTERM" : signal);
    if (this.#running.size > 0) say(`waiting for ${count(this.#running.size, "connection")} to end`);
    const { stopTimeout } = this.#how;
    const tooLong = setTimeout(() => {
      warn(`some connections have not ended within ${stopTimeout / 1000} s: killing their commands`);
      this.pass("SIGKILL");
    }, stopTimeout);
    void signals.kill.then(() => this.pass("SIGKILL"));
    await Promise.all([...this.#running].map(({ ended }) => ended));
    clearTimeout(tooLong);
    return exitCodeOf({ code: null, signal });
  }
}

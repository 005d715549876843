import { ownCommand } from "../shared/own-command.ts";
import { usesSockact } from "../app/detect-app.ts";
import { sourceFiles } from "../app/source-files.ts";
import { warn } from "./messages.ts";
import { isWatched, withWaitingClients } from "./accept-queue.ts";
import type { Ending, RunningCommand } from "./command.ts";
import type { HeldSocket } from "./held-sockets.ts";

const INTERVAL_MS = 1000;

/** A server listens soon after its start. */
const SOON_MS = 10_000;

/** While a slow server starts, its first client waits too. */
const CHECKS_WITH_A_CLIENT = 5;

/**
 * Warns once that the command does not seem to use the socket. Otherwise the user sees only a browser that
 * loads forever, or EADDRINUSE.
 */
export class UnclaimedNotice {
  readonly #sockets: Map<number, HeldSocket>;
  readonly #inodes: ReadonlySet<number>;
  readonly #isDatagram: boolean;
  readonly #isPreloaded: boolean;
  readonly #entry: string | undefined;
  readonly #hint: string;
  /** After the command has used the socket, a waiting client only waits for a start or a debugger. */
  #isDone = false;

  constructor(
    sockets: readonly HeldSocket[],
    {
      isDatagram,
      isPreloaded,
      entry,
    }: { isDatagram: boolean; isPreloaded: boolean; entry: string | undefined },
  ) {
    this.#sockets = new Map(sockets.map((socket) => [socket.inode, socket]));
    this.#inodes = new Set(this.#sockets.keys());
    this.#isDatagram = isDatagram;
    this.#isPreloaded = isPreloaded;
    this.#entry = entry;
    this.#hint = hintFor(isDatagram, isPreloaded);
  }

  /** Checks this run of the command until it ends or uses a socket. */
  observe({ pid, ended }: RunningCommand): void {
    if (pid === undefined || this.#isDone) return;
    let checks = 0;
    const interval = setInterval(() => {
      if (isWatched(pid, this.#inodes)) this.#isDone = true;
      else {
        const [waiting] = withWaitingClients(this.#inodes, this.#isDatagram);
        checks = waiting === undefined ? 0 : checks + 1;
        if (waiting !== undefined && checks === CHECKS_WITH_A_CLIENT) this.#say(waiting);
      }
      if (this.#isDone) clearInterval(interval);
    }, INTERVAL_MS);
    void this.#awaitEnd(ended, interval);
  }

  async #awaitEnd(ended: Promise<Ending>, interval: NodeJS.Timeout): Promise<void> {
    const ending = await ended;
    clearInterval(interval);
    if (!this.#isDone && this.#mayBeInUse(ending)) this.#sayInUse();
  }

  /**
   * Node ends with code 1 after an uncaught error. Only the terminal shows which error it was. An app with
   * sockact does not open the port itself, and its error says what to change.
   */
  #mayBeInUse({ code, ran }: Ending): boolean {
    return (
      code === 1 && ran < SOON_MS && !this.#isPreloaded && !this.#isDatagram && !callsSockact(this.#entry)
    );
  }

  #sayInUse(): void {
    this.#isDone = true;
    warn(
      `If the error is EADDRINUSE, the app tries to open a port that sockact run has already opened.\n${this.#hint}`,
    );
  }

  #say(inode: number): void {
    this.#isDone = true;
    warn(
      `a client waits at ${this.#sockets.get(inode)?.address}, and the command does not listen on the socket so far.\n${this.#hint}`,
    );
  }
}

function callsSockact(entry: string | undefined): boolean {
  try {
    return entry !== undefined && usesSockact(sourceFiles(entry));
  } catch {
    // A file that can't be read.
    return false;
  }
}

function hintFor(isDatagram: boolean, isPreloaded: boolean): string {
  if (isDatagram) return "The app must use it with bindDatagram() from @sockact/core.";
  return isPreloaded
    ? `--preload passes it to the server that listens on this port. For a server on port 8080, name the socket: SOCKACT_MAP=8080=http ${ownCommand("run", "-n", "http", "--preload", "--", "…")}`
    : "The app must use it with systemdListen(), or with listen() from @sockact/core. For an app that you can't change, add --preload.";
}

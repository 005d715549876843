import { warn } from "../shared/messages.ts";
import { isWatched, withWaitingClients } from "./accept-queue.ts";
import type { RunningCommand } from "./command.ts";
import type { HeldSocket } from "./held-sockets.ts";

const INTERVAL_MS = 1000;

/** A server that is slow to start makes its first client wait too. */
const CHECKS_WITH_A_CLIENT = 5;

/** Says once that a client waits for a command that has not taken the socket. Else a browser that loads forever is all that the user sees. */
export class UntakenNotice {
  readonly #sockets: Map<number, HeldSocket>;
  readonly #inodes: ReadonlySet<number>;
  readonly #isDatagram: boolean;
  readonly #hint: string;
  /** Once the command has taken the socket, a client that waits only waits for a start, or for a debugger. */
  #isDone = false;

  constructor(
    sockets: readonly HeldSocket[],
    { isDatagram, isPreloaded }: { isDatagram: boolean; isPreloaded: boolean },
  ) {
    this.#sockets = new Map(sockets.map((socket) => [socket.inode, socket]));
    this.#inodes = new Set(this.#sockets.keys());
    this.#isDatagram = isDatagram;
    this.#hint = hintFor(isDatagram, isPreloaded);
  }

  /** Looks at this run of the command until it ends, or is known to have taken a socket. */
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
    void ended.then(() => clearInterval(interval));
  }

  #say(inode: number): void {
    this.#isDone = true;
    warn(
      `a client waits at ${this.#sockets.get(inode)?.address}, and the command has not taken the socket so far.\n${this.#hint}`,
    );
  }
}

function hintFor(isDatagram: boolean, isPreloaded: boolean): string {
  if (isDatagram) return "The app must take it with bindDatagram() of @sockact/core.";
  return isPreloaded
    ? "--preload gives it to the server that listens on this port. For a server on port 8080, name the socket: SOCKACT_MAP=8080=http sockact run -n http --preload …"
    : "The app must take it with systemdListen(), or with listen() of @sockact/core. For an app that you can't change, add --preload.";
}

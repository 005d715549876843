import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import process from "node:process";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { upgradeOf } from "../draining/upgrades.ts";
import type { Delivery, MovingConnection, Receiver } from "../draining/move-connections.ts";
import { emit } from "../lifecycle/app.ts";
import { type KeptConnection, keepers } from "../shared/connection-keepers.ts";
import { ActivationError } from "../shared/errors.ts";
import { onHandleLost, onNewProcessMessage, sendToNewProcess } from "../shared/handover-channel.ts";
import { after } from "../shared/timers.ts";
import type { TlsSessions } from "../shared/tls-sessions.ts";
import { storedProxyHeader } from "../shared/proxied-handle.ts";
import { commandOfNewProcess } from "./command.ts";

/** How long a failed new process may take to end after SIGTERM, in milliseconds. */
const TERMINATION_MS = 2000;

/** How long the new process may take for one connection, in milliseconds. */
const TAKEN_MS = 10_000;

/** How often to check whether it has ended meanwhile, in milliseconds. */
const POLL_MS = 20;

/** The report of the new process: its ID, and the numbers of the sockets that it serves. */
interface Report {
  pid: number;
  fds: readonly number[];
}

/** The name of a keeper, and how it moves a connection. Null if the connection can't move. */
type Kept = readonly [name: string, connection: KeptConnection] | null;

/** The process that this one hands over to. */
export class NewProcess implements Receiver {
  /** The shell that starts the process, and ends at once. */
  readonly #launcher: ChildProcess;
  readonly #ended: Promise<void>;
  isReceiving = true;
  taken = 0;
  /** The names of the keepers of both processes. */
  #keepers: readonly string[] = [];
  /** The upgraded connections of this process. */
  readonly #kept = new WeakMap<Socket, Kept>();
  /** The number of connections that were sent. */
  #sent = 0;
  #hasEnded = false;
  /** How the process ended, as far as known. */
  #end = "has ended";
  #onReady = (_report: Report): void => {};
  #onDelivery = (_delivery: Delivery): void => {};

  /**
   * Starts the app again with the same sockets.
   *
   * @param sockets all descriptors that were passed to this process, in numerical order
   */
  constructor(sockets: readonly PassedSocket[]) {
    const { file, args, cwd, env } = commandOfNewProcess(sockets);
    this.#launcher = spawn(file, args, {
      cwd,
      env,
      // As with systemd, the process has its own session. A signal to its group also reaches its child
      // processes.
      detached: true,
      stdio: ["inherit", "inherit", "inherit", ...sockets.map(({ fd }) => fd), "ipc"],
    });
    this.#ended = new Promise((resolve) => {
      this.#launcher.once("error", (error) => {
        this.#end = `could not be started (${error.message})`;
        resolve();
      });
      // Only the new process has the channel, which closes when the process ends.
      this.#launcher.once("disconnect", resolve);
    });
    void this.#noteEnd();
    onNewProcessMessage(this.#launcher, (message) => {
      if (message.act === "ready") {
        this.#keepers = (message.keeps ?? []).filter((name) => keepers.has(name));
        this.#onReady(message);
      } else if (message.act === "taken" || message.act === "declined") this.#onDelivery(message.act);
      else if (message.act === "stopping") this.isReceiving = false;
      else if (message.act === "disconnect") this.#end = "has called process.disconnect()";
      else this.#end = `has ended with exit status ${message.code}`;
    });
    onHandleLost(this.#launcher, () => {
      this.#onDelivery("refused");
      emit({ type: "error", error: lostError() });
    });
  }

  async #noteEnd(): Promise<void> {
    await this.#ended;
    this.#hasEnded = true;
    this.#onDelivery("refused");
  }

  /** @throws ActivationError `SOCKACT_ERR_HANDOVER_EXITED` */
  checkRunning(): void {
    if (!this.#hasEnded) return;
    throw new ActivationError(
      "SOCKACT_ERR_HANDOVER_EXITED",
      `The new process ${this.#end} before it was ready`,
      "Its own lines in the journal, above this one, say why. Correct the new version, and reload again.",
    );
  }

  /**
   * Resolves when the process is ready.
   *
   * @param timeout in milliseconds
   * @throws ActivationError `SOCKACT_ERR_HANDOVER_EXITED`, `SOCKACT_ERR_HANDOVER_TIMEOUT`
   */
  async untilReady(timeout: number): Promise<Report> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const report = await Promise.race([
        new Promise<Report>((resolve) => (this.#onReady = resolve)),
        this.#ended.then(() => undefined),
        new Promise<never>((_, reject) => {
          timer = after(timeout, () => reject(timeoutError(timeout)));
        }),
      ]);
      this.checkRunning();
      return report as Report;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets it accept. */
  serve(sessions: Readonly<Record<number, TlsSessions>>): Promise<boolean> {
    return sendToNewProcess(this.#launcher, { act: "serve", sessions });
  }

  keptConnection(stream: Socket): KeptConnection | undefined {
    let kept = this.#kept.get(stream);
    if (kept === undefined) {
      kept = this.#findKept(stream);
      // A connection that is not upgraded may be later.
      if (kept !== undefined) this.#kept.set(stream, kept);
    }
    return kept?.[1];
  }

  #findKept(stream: Socket): Kept | undefined {
    const upgrade = this.#keepers.length > 0 ? upgradeOf(stream) : undefined;
    if (upgrade === undefined) return undefined;
    for (const name of this.#keepers) {
      const connection = keepers.get(name)?.find(stream, upgrade.request);
      if (connection !== undefined) return [name, connection];
    }
    // The handshake may still be under way.
    return undefined;
  }

  keepNot(stream: Socket): void {
    this.#kept.set(stream, null);
  }

  sender(): (data: string) => Promise<boolean> {
    const id = this.#sent;
    return (data) => sendToNewProcess(this.#launcher, { act: "late", id, data });
  }

  async sendConnection(
    { fd, handle, socket }: MovingConnection,
    data: string | undefined,
    isMore: boolean,
    patience: number,
  ): Promise<Delivery> {
    if (this.#hasEnded) return "refused";
    let timer: NodeJS.Timeout | undefined;
    let poll: NodeJS.Timeout | undefined;
    const delivery = await new Promise<Delivery>((resolve) => {
      this.#onDelivery = resolve;
      timer = after(Math.min(TAKEN_MS, patience), () => resolve("unknown"));
      // If the process ends while a handle is in transit, Node 20 emits no `disconnect`.
      poll = setInterval(() => {
        if (!this.#launcher.connected) resolve("refused");
      }, POLL_MS);
      const send = async (): Promise<void> => {
        const name = this.#kept.get(socket)?.[0];
        const kept = data === undefined || name === undefined ? undefined : { id: ++this.#sent, name, data };
        const header = storedProxyHeader(handle);
        const message = { act: "connection", fd, header, isMore, kept } as const;
        if (!(await sendToNewProcess(this.#launcher, message, handle))) resolve("refused");
      };
      void send();
    });
    clearTimeout(timer);
    clearInterval(poll);
    if (delivery === "taken") this.taken += 1;
    return delivery;
  }

  endMoving(): Promise<unknown> {
    return sendToNewProcess(this.#launcher, { act: "moved" });
  }

  /**
   * Allows this process to exit by itself. Its end is visible to the new process, and comes after everything
   * that was sent.
   */
  async release(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = after(TAKEN_MS, resolve)));
    // A busy process may not have read what was sent before.
    await Promise.race([this.endMoving(), limit]);
    clearTimeout(timer);
    if (this.#launcher.connected) this.#launcher.disconnect();
    this.#launcher.unref();
  }

  /** Ends the process and its child processes. Resolves when it has ended. */
  async end(): Promise<void> {
    if (!this.#hasEnded) {
      this.#signal("SIGTERM");
      const kill = after(TERMINATION_MS, () => this.kill());
      await this.#ended;
      clearTimeout(kill);
    }
    this.kill();
  }

  /** Kills the process and its child processes. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#launcher.pid === undefined) return;
    try {
      // The group has the ID of the launcher, and exists as long as one of its processes.
      process.kill(-this.#launcher.pid, signal);
    } catch {
      // The group has no processes left.
    }
  }
}

function lostError(): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_HANDOVER_CONNECTIONS",
    "The new process could not take a connection, so the connections that are left end here",
    "It has as many open files as LimitNOFILE= allows. Raise it: at a handover, the new process has all connections and its own files.",
  );
}

function timeoutError(timeout: number): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_HANDOVER_TIMEOUT",
    `The new process was not ready within ${timeout / 1000} s, and was ended`,
    "It is ready when every socket has its server and every `onListen` is fulfilled. If it needs more time, raise handoverTimeout (SOCKACT_HANDOVER_TIMEOUT overrides it).",
  );
}

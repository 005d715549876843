import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { PREDECESSOR_VARIABLE } from "@sockact/notify/internal";
import type { PassedSocket } from "../activation/passed-socket.ts";
import type { SendConnection } from "../draining/move-connections.ts";
import { ActivationError } from "../shared/errors.ts";
import { onNewProcessMessage, sendToNewProcess } from "../shared/handover-channel.ts";
import { after } from "../shared/timers.ts";
import { commandOfNewProcess } from "./command.ts";

/** How long a new process that has failed may take to end after SIGTERM, in milliseconds. */
const TERMINATION_MS = 2000;

/** How long the new process may take to take one connection, in milliseconds. */
const TAKEN_MS = 2000;

/**
 * Starts the new process, and ends as it ends. When this shell is killed, the service manager becomes the parent of the new process. systemd looks for that
 * when it reads MAINPID=. At a stop, it waits only for its own children, and kills any other main process at once.
 */
const LAUNCHER = `${PREDECESSOR_VARIABLE}="$${PREDECESSOR_VARIABLE}:$$" "$@" & wait $!`;

/** The process that this one hands over to. */
export class NewProcess {
  /** The shell that has started it. It leads the process group. */
  readonly #launcher: ChildProcess;
  /** How the new process ended before the launcher was killed. */
  readonly #exited: Promise<string>;
  /** The new process has closed the channel, which it does when it ends. */
  readonly #disconnected: Promise<void>;
  #hasExited = false;
  #pid = 0;
  #onReady = (_fds: readonly number[]): void => {};
  #onTaken = (): void => {};

  /**
   * Starts the app again, with the same sockets.
   *
   * @param sockets all descriptors that were passed to this process, in the order of their numbers
   */
  constructor(sockets: readonly PassedSocket[]) {
    const { args, cwd, env } = commandOfNewProcess(sockets);
    this.#launcher = spawn("/bin/sh", ["-c", LAUNCHER, "sh", process.execPath, ...args], {
      cwd,
      env,
      // As with systemd, the process is in a group of its own. A signal to the group also reaches what it has started.
      detached: true,
      stdio: ["inherit", "inherit", "inherit", ...sockets.map(({ fd }) => fd), "ipc"],
    });
    this.#exited = new Promise((resolve) => {
      this.#launcher.once("error", (error) => resolve(`could not be started: ${error.message}`));
      this.#launcher.once("exit", (code, signal) => resolve(describeEnd(code, signal)));
    });
    this.#disconnected = new Promise((resolve) => {
      this.#launcher.once("disconnect", () => {
        this.#hasExited = true;
        this.#onTaken();
        resolve();
      });
    });
    onNewProcessMessage(this.#launcher, (message) => {
      if (message.act === "ready") {
        this.#pid = message.pid;
        this.#onReady(message.fds);
      } else this.#onTaken();
    });
  }

  /** Known when it is ready. */
  get pid(): number {
    return this.#pid;
  }

  /**
   * Fulfils with the numbers of the sockets that it serves when it is ready.
   *
   * @param timeout in milliseconds
   * @throws ActivationError `ERR_HANDOVER_EXITED`, `ERR_HANDOVER_TIMEOUT`
   */
  async untilReady(timeout: number): Promise<readonly number[]> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        new Promise<readonly number[]>((resolve) => (this.#onReady = resolve)),
        this.#exited.then((how) => {
          throw exitError(how);
        }),
        new Promise<never>((_, reject) => {
          timer = after(timeout, () => reject(timeoutError(timeout)));
        }),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Makes the service manager its parent.
   *
   * @throws ActivationError `ERR_HANDOVER_EXITED`
   */
  async detach(): Promise<void> {
    const { exitCode, signalCode } = this.#launcher;
    if (exitCode !== null || signalCode !== null) throw exitError(await this.#exited);
    this.#launcher.kill("SIGKILL");
    await this.#exited;
    if (this.#launcher.signalCode !== "SIGKILL") throw exitError(await this.#exited);
  }

  /** Makes it accept. */
  serve(ticketKeys: Readonly<Record<number, string>>): Promise<boolean> {
    return sendToNewProcess(this.#launcher, { act: "serve", ticketKeys });
  }

  /** Moves a connection to it. Fulfils with whether it has taken the connection. */
  readonly sendConnection: SendConnection = async (fd, handle) => {
    if (this.#hasExited) return false;
    let timer: NodeJS.Timeout | undefined;
    const taken = new Promise<boolean>((resolve) => {
      this.#onTaken = () => resolve(!this.#hasExited);
      timer = after(TAKEN_MS, () => resolve(false));
    });
    const isSent = await sendToNewProcess(this.#launcher, { act: "connection", fd }, handle);
    const isTaken = isSent && (await taken);
    clearTimeout(timer);
    return isTaken;
  };

  /** Lets this process end by itself. The new one learns from this that it has ended. */
  release(): void {
    if (this.#launcher.connected) this.#launcher.disconnect();
  }

  /** Ends the process, and what it has started. Fulfils when it has ended. */
  async end(): Promise<void> {
    this.#signal("SIGTERM");
    let timer: NodeJS.Timeout | undefined;
    if (!this.#hasExited && this.#launcher.pid !== undefined)
      await Promise.race([
        this.#disconnected,
        new Promise<void>((resolve) => (timer = after(TERMINATION_MS, resolve))),
      ]);
    clearTimeout(timer);
    this.kill();
  }

  /** Kills the process, and what it has started. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /** Sends a signal to the process and what it has started. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#launcher.pid === undefined) return;
    try {
      process.kill(-this.#launcher.pid, signal);
    } catch {
      // Nothing is left of the group.
    }
  }
}

/** How a process ended. A shell exits with 128 and the number of the signal that ended its command. */
function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  const number = (code ?? 0) - 128;
  const name = signal ?? Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name === undefined ? `has ended with exit status ${code}` : `was ended by ${name}`;
}

function exitError(how: string): ActivationError {
  return new ActivationError(
    "ERR_HANDOVER_EXITED",
    `The new process ${how} before it was ready`,
    "Its own lines in the journal, above this one, say why. Correct the new version, and reload again.",
  );
}

function timeoutError(timeout: number): ActivationError {
  return new ActivationError(
    "ERR_HANDOVER_TIMEOUT",
    `The new process was not ready within ${timeout / 1000} s, and was ended`,
    "It is ready when every socket has its server and every `ready` is fulfilled. If it needs more time, raise handoverTimeout (SOCKACT_HANDOVER_TIMEOUT overrides it).",
  );
}

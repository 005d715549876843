import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
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

/** The process that this one hands over to. */
export class NewProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #hasExited = false;
  #onReady = (_fds: readonly number[]): void => {};
  #onTaken = (): void => {};

  /**
   * Starts the app again, with the same sockets.
   *
   * @param sockets all descriptors that were passed to this process, in the order of their numbers
   */
  constructor(sockets: readonly PassedSocket[]) {
    const { args, cwd, env } = commandOfNewProcess(sockets);
    this.#child = spawn(process.execPath, args, {
      cwd,
      env: env as NodeJS.ProcessEnv,
      // As with systemd, the process leads a group of its own. A signal to the group also reaches what it has started.
      detached: true,
      stdio: ["inherit", "inherit", "inherit", ...sockets.map(({ fd }) => fd), "ipc"],
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      this.#child.once("exit", (code, signal) =>
        resolve(signal === null ? `has ended with exit status ${code}` : `was ended by ${signal}`),
      );
    });
    void this.#exited.then(() => {
      this.#hasExited = true;
      this.#onTaken();
    });
    onNewProcessMessage(this.#child, (message) => {
      if (message.act === "ready") this.#onReady(message.fds);
      else this.#onTaken();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get hasExited(): boolean {
    return this.#hasExited;
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
          throw new ActivationError(
            "ERR_HANDOVER_EXITED",
            `The new process (pid ${this.#child.pid ?? "none"}) ${how} before it was ready`,
            "Its own lines in the journal, above this one, say why. Correct the new version, and reload again.",
          );
        }),
        new Promise<never>((_, reject) => {
          timer = after(timeout, () => reject(timeoutError(this.#child.pid, timeout)));
        }),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Makes it accept. */
  serve(ticketKeys: Readonly<Record<number, string>>): Promise<boolean> {
    return sendToNewProcess(this.#child, { act: "serve", ticketKeys });
  }

  /** Moves a connection to it. Fulfils with whether it has taken the connection. */
  readonly sendConnection: SendConnection = async (fd, handle) => {
    if (this.#hasExited) return false;
    let timer: NodeJS.Timeout | undefined;
    const taken = new Promise<boolean>((resolve) => {
      this.#onTaken = () => resolve(!this.#hasExited);
      timer = after(TAKEN_MS, () => resolve(false));
    });
    const isSent = await sendToNewProcess(this.#child, { act: "connection", fd }, handle);
    const isTaken = isSent && (await taken);
    clearTimeout(timer);
    return isTaken;
  };

  /** Ends the process, and what it has started. Fulfils when it has ended. */
  async end(): Promise<void> {
    if (!this.#hasExited && this.#child.pid !== undefined) {
      this.#child.kill("SIGTERM");
      const kill = after(TERMINATION_MS, () => this.kill());
      await this.#exited;
      clearTimeout(kill);
    }
    this.kill();
  }

  /** Kills the process, and what it has started. */
  kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // Nothing is left of the group.
    }
  }

  /** Fulfils when it has ended. */
  async untilExit(): Promise<void> {
    await this.#exited;
  }
}

function timeoutError(pid: number | undefined, timeout: number): ActivationError {
  return new ActivationError(
    "ERR_HANDOVER_TIMEOUT",
    `The new process (pid ${pid}) was not ready within ${timeout / 1000} s, and was ended`,
    "It is ready when every socket has its server and every `ready` is fulfilled. If it needs more time, raise handoverTimeout (SOCKACT_HANDOVER_TIMEOUT overrides it).",
  );
}

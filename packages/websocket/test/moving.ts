import { fileURLToPath } from "node:url";
import { type AppProcess, type PrivateSystemd, watchProcess } from "@sockact/testkit";
// By its path: it is only for tests of this repository.
import { HandoverService } from "../../core/test/reloaded-service.ts";

/** What counting-clients.mjs has seen. */
export interface Seen extends Record<string, unknown> {
  opened: number;
  /** How many WebSockets closed before the end, by code. */
  closed: Record<string, number>;
  /** How many numbered messages the clients have sent and received. */
  up: number;
  down: number;
  /** What was lost, repeated, out of order or changed. */
  wrong: string[];
  errors: string[];
  pings: number;
  asked: number;
  /** In milliseconds. */
  longestAnswer: number;
}

/** The path of a program of this folder inside every private systemd. */
export function programInside(systemd: PrivateSystemd, name: string): string {
  const path = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  return systemd.project + path.slice(path.lastIndexOf("/packages/"));
}

/** Starts a service with a program of this folder. */
export function startService(
  systemd: PrivateSystemd,
  program: string,
  { env = {}, lines = "" }: { env?: Record<string, string>; lines?: string } = {},
): Promise<HandoverService> {
  const exec = `${systemd.node} ${programInside(systemd, program)}`;
  return HandoverService.start(systemd, { exec, env: { SOCKACT_DRAIN_TIMEOUT: "20s", ...env }, lines });
}

/** Clients of counting-app.mjs. */
export class CountingClients implements AsyncDisposable {
  readonly #process: AppProcess;

  private constructor(child: AppProcess) {
    this.#process = child;
  }

  /**
   * @param slowly how many times longer the pauses between messages are
   * @param odd whether 5 % of them stop to read, or end their half of the connection
   */
  static async start(
    systemd: PrivateSystemd,
    count: number,
    slowly = 1,
    odd = false,
  ): Promise<CountingClients> {
    const path = programInside(systemd, "counting-clients.mjs");
    const clients = new CountingClients(
      watchProcess(
        systemd.spawn([systemd.node, path, "80", String(count), String(slowly), ...(odd ? ["odd"] : [])]),
      ),
    );
    await clients.#process.event("running");
    return clients;
  }

  /** Resolves with what they have seen until now. */
  async look(): Promise<Seen> {
    this.#process.write("look");
    return this.#process.event<Seen>("look");
  }

  /** Each client compares its numbers with the app's. */
  async end(): Promise<Seen> {
    this.#process.endInput();
    return this.#process.event<Seen>("result");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

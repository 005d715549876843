import { type AppProcess, watchProcess } from "./app-process.ts";
import type { PrivateSystemd } from "./private-systemd.ts";
import type { Loads } from "./loads.ts";

/** Clients in a separate process inside a private systemd. */
export class Load<Kind extends keyof Loads = keyof Loads> implements AsyncDisposable {
  readonly #program: AppProcess;

  private constructor(program: AppProcess) {
    this.#program = program;
  }

  /** Resolves once each client has an answer. */
  static async start<Kind extends keyof Loads>(
    systemd: PrivateSystemd,
    kind: Kind,
    options: Loads[Kind]["options"],
  ): Promise<Load<Kind>> {
    const program = systemd.inside(new URL("../programs/load-program.mjs", import.meta.url));
    const load = new Load<Kind>(
      watchProcess(systemd.spawn([systemd.node, program, kind, JSON.stringify(options)])),
    );
    await load.#program.event("running");
    return load;
  }

  /** Resolves once each client has one more answer. */
  async round(): Promise<void> {
    this.#program.write("round");
    await this.#program.event("round");
  }

  /** Ends the load. */
  async result(): Promise<Loads[Kind]["result"]> {
    this.#program.endInput();
    return this.#program.event<Loads[Kind]["result"] & Record<string, unknown>>("result");
  }

  /** Kills the clients. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { PrivateSystemd } from "@sockact/testkit";
import type { RollingErrorCode, RollingEvent, RollingOptions, RollingResult } from "../src/index.ts";

export interface Failure {
  name: string;
  code: RollingErrorCode;
  message: string;
  hint: string;
  journal: string[];
}
export type Line = RollingEvent | RollingResult | { error: Failure };

export const turned = (from: string, to: string, drained: boolean | undefined = true) => ({
  outcome: "turned",
  from,
  to,
  drained,
});

/** What programs/roll.mjs takes. */
interface Options extends Omit<RollingOptions, "signal" | "onEvent"> {
  /** The event at which the callback fails. */
  failAt?: RollingEvent["type"];
  /** Whether it does so by a promise. */
  byPromise?: boolean;
  /** The event at which the signal is aborted. */
  abortAt?: RollingEvent["type"];
  /** A shell command for an event; the turn goes on when that has ended. */
  runAt?: Partial<Record<RollingEvent["type"], string>>;
  /** Whether the promises of the callback never settle. */
  pending?: boolean;
}

/** A rolling restart in a process inside a private systemd. */
export class Roll {
  readonly lines: Line[] = [];
  readonly child: ChildProcess;
  readonly #reader: Interface;
  readonly #closed: Promise<unknown>;

  /** @param env - variables, as `NAME=value`, or another command in front */
  constructor(systemd: PrivateSystemd, name: string, options: Options = {}, env: string[] = []) {
    const script = `${systemd.project}/packages/cli/test/programs/roll.mjs`;
    this.child = systemd.spawn(["env", ...env, systemd.node, script, name, JSON.stringify(options)]);
    this.child.stderr!.pipe(process.stderr);
    this.#reader = createInterface({ input: this.child.stdout! });
    this.#reader.on("line", (line) => this.lines.push(JSON.parse(line) as Line));
    this.#closed = once(this.#reader, "close");
  }

  async until(type: RollingEvent["type"]): Promise<void> {
    while (!this.lines.some((line) => "type" in line && line.type === type)) await once(this.#reader, "line");
  }

  abort(): void {
    this.child.kill("SIGUSR2");
  }

  async result(): Promise<RollingResult> {
    await this.#closed;
    const last = this.lines.at(-1);
    if (last === undefined || !("outcome" in last)) throw new Error(JSON.stringify(this.lines));
    return last;
  }

  async error(): Promise<Failure> {
    await this.#closed;
    const last = this.lines.at(-1);
    if (last === undefined || !("error" in last)) throw new Error(JSON.stringify(this.lines));
    return last.error;
  }
}

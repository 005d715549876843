import { setTimeout as delay } from "node:timers/promises";
import type { Ended } from "../shared/execute.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** How often a step looks, in milliseconds. */
const INTERVAL = 100;

/** A step of a change: what it does, and what it waits for. */
export interface Step<Seen> {
  /** The command of systemctl that it runs. A step without a command only waits. */
  command?: readonly string[];
  /** Looks at what happens while the command runs, and reports it. */
  meanwhile?: () => Promise<unknown>;
  /** Looks at what the step waits for. */
  look: () => Promise<Seen>;
  /** Whether it has seen what it waits for. By default, it looks once. */
  isOver?: (seen: Seen) => boolean;
  /** How long it waits after the command, in milliseconds. The default is `Infinity`. */
  limit?: number;
}

/** How a step has ended. */
export interface Taken<Seen> {
  /** How the command has ended. A step without a command has succeeded. */
  ended: Ended;
  /** What the step has seen last. */
  seen: Seen;
}

/**
 * Takes a step. It rejects with the reason of the manager's signal, and then systemd continues the command.
 */
export async function takeStep<Seen>(
  manager: ServiceManager,
  { command, meanwhile, look, isOver = () => true, limit = Infinity }: Step<Seen>,
): Promise<Taken<Seen>> {
  const ended = command ? await runCommand(manager, command, meanwhile) : { code: 0, stdout: "", stderr: "" };
  const deadline = performance.now() + limit;
  for (;;) {
    const seen = await look();
    if (isOver(seen) || performance.now() >= deadline) return { ended, seen };
    await delay(INTERVAL, undefined, { signal: manager.signal });
  }
}

/** Runs a command of systemctl, whatever its exit status, and looks at what happens meanwhile. */
export async function runCommand(
  manager: ServiceManager,
  command: readonly string[],
  meanwhile?: () => Promise<unknown>,
): Promise<Ended> {
  if (meanwhile === undefined) return manager.run(...command);
  const over = new AbortController();
  const job = manager.run(...command).finally(() => over.abort());
  // If a look fails first, nobody awaits the job.
  job.catch(() => {});
  while (!over.signal.aborted) {
    await meanwhile();
    await delay(INTERVAL, undefined, { signal: over.signal }).catch(() => {});
  }
  return job;
}

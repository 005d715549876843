import { setTimeout as delay } from "node:timers/promises";
import type { Ended } from "../shared/execute.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** The polling interval of a step, in milliseconds. */
const INTERVAL = 100;

/** A step of a change: a command, and what to wait for. */
export interface Step<Seen> {
  /** The systemctl command. Without one, the step only waits. */
  command?: readonly string[];
  /** Called repeatedly while the command runs. */
  meanwhile?: () => Promise<unknown>;
  /** Reads the state that the step waits for. */
  look: () => Promise<Seen>;
  /** Whether that state is reached. By default, the step reads it once. */
  isOver?: (seen: Seen) => boolean;
  /** How long to wait after the command, in milliseconds. The default is `Infinity`. */
  limit?: number;
}

/** The result of a step. */
export interface Taken<Seen> {
  /** The result of the command. Success without a command. */
  ended: Ended;
  /** The last state. */
  seen: Seen;
}

/** Runs a step. Rejects with the reason of the manager's signal, and systemd then continues the command. */
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

/** Runs a systemctl command, whatever its exit status, and calls `meanwhile` repeatedly. */
export async function runCommand(
  manager: ServiceManager,
  command: readonly string[],
  meanwhile?: () => Promise<unknown>,
): Promise<Ended> {
  if (meanwhile === undefined) return manager.run(...command);
  const over = new AbortController();
  const job = manager.run(...command).finally(() => over.abort());
  // If a read fails first, nothing awaits the job.
  job.catch(() => {});
  while (!over.signal.aborted) {
    await meanwhile();
    await delay(INTERVAL, undefined, { signal: over.signal }).catch(() => {});
  }
  return job;
}

import process from "node:process";
import { type Progress, progress } from "../output/progress.ts";
import { exitCodeAfter, untilSignal } from "../shared/until-signal.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { type Report, showEvent } from "./events.ts";

/** What the steps of a change use. */
export interface ChangeTools {
  manager: ServiceManager;
  /** Aborted by Ctrl-C, which also ends what the manager does. */
  signal: AbortSignal;
  report: Report;
  /** Sets what the user reads after Ctrl-C, from now on. Undefined if the steps report it themselves. */
  ifInterrupted: (text: string | undefined) => void;
}

/**
 * Takes the steps of a change, and shows its progress. Returns the exit code. Before a step that changes
 * something, the steps must call `ifInterrupted()`.
 */
export async function runChange(
  title: string,
  { user }: { user: boolean },
  steps: (tools: ChangeTools, working: Progress) => Promise<number>,
): Promise<number> {
  return untilSignal(async (signal) => {
    const working = progress(title);
    let interrupted: string | undefined = "Nothing was changed.";
    const tools: ChangeTools = {
      manager: new ServiceManager({ user, signal }),
      signal,
      report: (event) => showEvent(event, working),
      ifInterrupted: (text) => (interrupted = text),
    };
    try {
      return await steps(tools, working);
    } catch (error) {
      working.failed();
      if (!signal.aborted) throw error;
      if (interrupted !== undefined) process.stderr.write(`Interrupted. ${interrupted}\n`);
      return exitCodeAfter(signal);
    }
  });
}

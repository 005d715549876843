import process from "node:process";
import { type Progress, progress } from "../output/progress.ts";
import { exitCodeAfter, untilSignal } from "../shared/until-signal.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { type Report, showEvent } from "./events.ts";

/** Tools for the steps of a change. */
export interface ChangeTools {
  manager: ServiceManager;
  /** Aborted by Ctrl-C. Also ends the commands of the manager. */
  signal: AbortSignal;
  report: Report;
  /** Sets the text that is printed after Ctrl-C, or undefined if the steps report it themselves. */
  ifInterrupted: (text: string | undefined) => void;
}

/**
 * Runs the steps of a change and shows progress. Returns the exit code. The steps must call `ifInterrupted()`
 * before they change anything.
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

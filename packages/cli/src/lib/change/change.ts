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
}

interface ChangeOptions {
  user: boolean;
  /** What the user reads after Ctrl-C. */
  interrupted?: string | undefined;
}

/** Takes the steps of a change, and shows its progress. Returns the exit code. */
export async function runChange(
  title: string,
  { user, interrupted }: ChangeOptions,
  steps: (tools: ChangeTools, working: Progress) => Promise<number>,
): Promise<number> {
  return untilSignal(async (signal) => {
    const working = progress(title);
    const report: Report = (event) => showEvent(event, working);
    try {
      return await steps({ manager: new ServiceManager({ user, signal }), signal, report }, working);
    } catch (error) {
      working.failed();
      if (!signal.aborted) throw error;
      if (interrupted !== undefined) process.stderr.write(`${interrupted}\n`);
      return exitCodeAfter(signal);
    }
  });
}
